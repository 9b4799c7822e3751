import { asc, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase, LoadProgress } from '../../src/index.ts';
import { LoadError } from '../../src/load/load-error.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, rowsOf } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { rejectionOf } from '../support/process-events.ts';
import { tokens, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

let client: Client;
let db: BatchedDatabase;
let statements: string[];

beforeEach(async () => {
  client = database.client({ max: 2 });
  statements = [];
  db = batchedDrizzle(client, {
    logger: { logQuery: (query) => statements.push(query) },
  });
  await db.execute(emptyTables());
});

const names = async (on: PostgresJsDatabase = db): Promise<(string | null)[]> =>
  (await on.select().from(users).orderBy(asc(users.id))).map(({ name }) => name);

const numbered = (count: number): { name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ name: `user ${index}` }));

const copies = (): string[] => statements.filter((statement) => statement.startsWith('copy'));

describe('load()', () => {
  test('writes rows by COPY, in order, in chunks, and reports them', async () => {
    const rows = numbered(25);
    const report = await db.load(users, rows, { chunkRows: 10 });
    expect(report).toEqual({ rows: 25, skipped: 0, ms: expect.any(Number) });
    expect(copies()).toEqual(Array(3).fill('copy "users" ("name") from stdin'));
    expect(await names()).toEqual(rows.map(({ name }) => name));
  });

  test('writes nothing before it is awaited, and runs once', async () => {
    const load = db.load(users, numbered(2));
    expect(await names()).toEqual([]);
    expect(await load).toBe(await load);
    expect(await names()).toHaveLength(2);
  });

  test('of no rows writes none', async () => {
    expect(await db.load(users, [])).toMatchObject({ rows: 0, skipped: 0 });
    expect(copies()).toEqual([]);
  });

  test('tells its progress after each chunk', async () => {
    const heard: LoadProgress[] = [];
    await db.load(users, numbered(25), { chunkRows: 10, onProgress: (progress) => heard.push(progress) });
    expect(heard.map(({ rows }) => rows)).toEqual([10, 20, 25]);
    expect(heard.map(({ bytes }) => bytes)).toEqual([70, 150, 190]);
    expect(heard.every(({ rowsPerSecond }) => rowsPerSecond > 0)).toBe(true);
  });

  test('makes $defaultFn and $onUpdateFn values once a row, and leaves other defaults to the database', async () => {
    await db.load(tokens, [{ label: 'a' }, { label: 'b', uses: 5 }, { label: 'c' }]);
    const rows = await db.select().from(tokens).orderBy(asc(tokens.label));
    expect(rows.map(({ label, uses }) => [label, uses])).toEqual([
      ['a', 0],
      ['b', 5],
      ['c', 0],
    ]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
    expect(rows.every(({ updatedAt }) => updatedAt instanceof Date)).toBe(true);
  });
});

describe('a row that can not be written', () => {
  test('fails the load, which names it, and writes nothing', async () => {
    const rows = [...numbered(14), { id: 'seven' as never, name: 'x' }, ...numbered(3)];
    const error = await rejectionOf(db.load(users, rows, { chunkRows: 10 }));
    expect(error).toBeInstanceOf(LoadError);
    expect(error).toMatchObject({
      code: 'LOAD_FAILED',
      table: '"users"',
      index: 14,
      column: 'id',
      committed: 0,
    });
    expect([error.row, error.value]).toEqual([rows[14], 'seven']);
    expect(error.message).toBe(
      'load into "users" failed at row 15 (index 14), column "id": invalid input syntax for type integer: "seven"',
    );
    expect(error.cause).toMatchObject({ code: '22P02' });
    expect(await names()).toEqual([]);
  });
});

describe('a signal', () => {
  test('stops a load in its middle: it rejects with the reason, and writes nothing', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const load = db.load(users, numbered(50), {
      chunkRows: 10,
      signal: controller.signal,
      onProgress: ({ rows }) => rows === 20 && controller.abort(reason),
    });
    expect(await rejectionOf(load)).toBe(reason);
    expect(await names()).toEqual([]);
    expect(rowsOf(await db.execute(sql`select 1 as one`))).toEqual([{ one: 1 }]);
  });
});
