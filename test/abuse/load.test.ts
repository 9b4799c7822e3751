import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import type { Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { texts } from '../support/column-values.ts';
import { batchedDrizzle, rowsOf } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });

let client: Client;
let db: BatchedDatabase;

beforeEach(() => {
  client = database.client();
  db = batchedDrizzle(client);
});

const known = 'onConflict, chunkRows, commitEvery, signal, onProgress, onRowError';
const whole = 'allowed: a whole number from 1';
const conflicts = "allowed: 'error', 'nothing' or { update: { target, set } }";

describe('a bad argument throws at the call:', () => {
  test.each<[string, unknown, unknown, unknown?]>([
    ['load: table: got undefined; allowed: a table of drizzle-orm/pg-core', undefined, []],
    ["load: table: got 'users'; allowed: a table of drizzle-orm/pg-core", 'users', []],
    [
      'load: rows: got undefined; allowed: an iterable, an async iterable or a stream of rows',
      users,
      undefined,
    ],
    ["load: rows: got 'a,b'; allowed: an iterable, an async iterable or a stream of rows", users, 'a,b'],
    [
      'load: rows: got an object; allowed: an iterable, an async iterable or a stream of rows',
      users,
      { name: 'a' },
    ],
    ['load: options: got null; allowed: an object of options', users, [], null],
    ['load: options: got an array; allowed: an object of options', users, [], []],
    [`load: chunkrows: unknown option; allowed: ${known}`, users, [], { chunkrows: 1 }],
    [`load: toString: unknown option; allowed: ${known}`, users, [], { toString: 1 }],
    [`load: chunkRows: got 0; ${whole}`, users, [], { chunkRows: 0 }],
    [`load: chunkRows: got 1.5; ${whole}`, users, [], { chunkRows: 1.5 }],
    [`load: commitEvery: got '10'; ${whole}`, users, [], { commitEvery: '10' }],
    ['load: signal: got an object; allowed: an AbortSignal', users, [], { signal: {} }],
    ['load: onProgress: got true; allowed: a function', users, [], { onProgress: true }],
    ["load: onRowError: got 'skip'; allowed: 'fail' or a function", users, [], { onRowError: 'skip' }],
    [`load: onConflict: got 'update'; ${conflicts}`, users, [], { onConflict: 'update' }],
    [`load: onConflict: got an object; ${conflicts}`, users, [], { onConflict: { update: { set: {} } } }],
  ])('%s', (message, table, rows, options) => {
    expect(() => db.load(table as never, rows as never, options as never)).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message }),
    );
  });

  test('commitEvery in a transaction', async () => {
    await db.transaction(async (tx) => {
      expect(() => tx.load(users, [], { commitEvery: 1 } as never)).toThrow(
        'load: commitEvery: not allowed in a transaction, which commits as a whole; use db.load()',
      );
    });
  });

  test('keys() of a table without a key of one column, and late', async () => {
    expect(() => db.load(logs, []).keys()).toThrow(
      'load: keys(): "logs" has no primary key; allowed: a table with a primary key of one column',
    );
    const load = db.load(users, []);
    await load;
    expect(() => load.keys()).toThrow('load: keys(): called late; allowed: once, before the load is awaited');
  });
});

test('a load in a transaction that has ended is refused', async () => {
  let late: PromiseLike<unknown> | undefined;
  await db.transaction(async (tx) => {
    late = tx.load(users, [{ name: 'late' }]);
  });
  expect(await rejectionOf(late as PromiseLike<unknown>)).toMatchObject({ code: 'LOAD_FAILED' });
  expect(await db.$count(users)).toBe(0);
});

test('texts that COPY could take for something else are stored character for character, or refused', async () => {
  const hostile = [
    ...texts,
    '\\D',
    '\\x41',
    '\\101',
    '\\\\.',
    '\n\\.\n',
    '\r\n',
    '\t',
    "'); drop table logs; --",
  ];
  const refused: number[] = [];
  const storable = hostile.map((message) => Buffer.from(message).toString());
  await check`truncate logs`;
  await db.load(
    logs,
    hostile.map((message, n) => ({ level: `${n}`, message })),
    {
      onRowError: (_, index) => refused.push(index),
    },
  );
  const found = await check`select level, message from logs order by level::int`;
  const nul = storable.findIndex((message) => message.includes('\0'));
  expect(refused).toEqual([nul]);
  expect(found.map(({ message }) => message)).toEqual(storable.filter((_, index) => index !== nul));
});

describe('a role that row-level security applies to', () => {
  const role = `batched_drizzle_${randomBytes(6).toString('hex')}`;
  const notes = pgTable('notes', { n: integer(), note: text() });
  let owner: Sql;
  let restricted: BatchedDatabase;
  const statements: string[] = [];

  beforeAll(async () => {
    owner = database.connect({ max: 1 });
    await owner
      .unsafe(`create role ${role}; create table notes (n int, note text);
      alter table notes enable row level security; grant insert on notes to ${role};
      create policy even on notes for insert with check (n % 2 = 0)`)
      .simple();
    restricted = batchedDrizzle(database.client({ max: 1, connection: { role } }), {
      logger: { logQuery: (query) => statements.push(query) },
    });
  });
  afterAll(async () => {
    await owner.unsafe(`drop owned by ${role}; drop role ${role}`).simple();
  });

  test('loads by INSERT, and learns which row its policy refuses', async () => {
    const rows = [0, 2, 4, 5, 6].map((n) => ({ n, note: 'x' }));
    expect(await rejectionOf(restricted.load(notes, rows))).toMatchObject({
      index: 3,
      cause: { code: '42501' },
    });
    const aside: number[] = [];
    await restricted.load(notes, rows, { onRowError: (_, index) => aside.push(index) });
    expect(aside).toEqual([3]);
    expect((await owner`select n from notes order by n`).map(({ n }) => n)).toEqual([0, 2, 4, 6]);
    expect(statements.filter((statement) => statement.startsWith('copy'))).toEqual([]);
  });

  test('and without the privilege it fails as a whole', async () => {
    const aside: number[] = [];
    const load = restricted.load(addresses, [{ email: 'a' }], {
      onRowError: (_, index) => aside.push(index),
    });
    expect(await rejectionOf(load)).toMatchObject({ index: undefined, cause: { code: '42501' } });
    expect(aside).toEqual([]);
    expect(rowsOf(await db.execute(sql`select 1 as one`))).toEqual([{ one: 1 }]);
  });
});
