/** The errors that a caller catches, and which data of other callers they contain. */
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { DrizzleQueryError, sql } from 'drizzle-orm';
import { customType, integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { FlushError } from '../../src/settle/flush-error.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, countOf, driver, drizzle, errorOf } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const people = pgTable('people', {
  id: serial('id').primaryKey(),
  email: text('Email address').unique(),
  country: text('country'),
  number: integer('number'),
});

const check = drizzle(database.client());
let db: BatchedDatabase;

beforeAll(async () => {
  // Rows share a statement only if a CHECK calls no function of the user. `lpad(text, int)` is PostgreSQL's own, but the
  // server reads its body from the catalog, so that it can raise an error for which no batch is split.
  await check.execute(sql`create or replace function pg_catalog.lpad(country text, int) returns text
    language plpgsql immutable strict parallel safe as $$
    begin
      if country = 'full' then raise exception 'no room for %', country using errcode = '53100'; end if;
      return country;
    end $$`);
  await check.execute(sql`create table people (
    id serial primary key, "Email address" text unique, country text check (lpad(country, 9) = country), number int,
    unique (country, number))`);
  await check.execute(sql`create table late (id int primary key deferrable initially deferred)`);
});
beforeEach(async () => {
  await check.execute(emptyTables());
  await check.execute(sql`truncate people restart identity`);
  db = batchedDrizzle(database.client());
});

/** Everything that a program can read from an error and its causes, including hidden fields. */
function allOf(error: unknown): string {
  return inspect(error, {
    depth: 20,
    showHidden: true,
    getters: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
}

describe('what a caller catches has the shape that plain drizzle gives', () => {
  const bad: [name: string, insert: (db: PostgresJsDatabase) => PromiseLike<unknown>][] = [
    ['a unique violation', (db) => db.insert(users).values({ name: 'taken' })],
    ['a foreign key violation', (db) => db.insert(addresses).values({ email: 'a', userId: 999 }).returning()],
    ['a NULL where none may be', (db) => db.insert(logs).values({ level: 'info', message: null as never })],
    ['a value that is too long', (db) => db.insert(users).values({ name: 'x'.repeat(51) })],
    [
      'a table that is not there',
      (db) => db.insert(pgTable('nowhere', { id: text('id') })).values({ id: 'a' }),
    ],
  ];

  const shapeOf = (error: Error & { query?: unknown; params?: unknown; cause?: unknown }) => {
    const cause = error.cause as Error & Record<string, unknown>;
    const { code, severity, detail } = cause;
    const { message, query, parameters, args } = cause;
    return {
      isQueryError: error instanceof DrizzleQueryError,
      names: [error.name, error.constructor.name, cause.name, cause.constructor.name],
      beginning: error.message.slice(0, 'Failed query: '.length),
      hasCode: 'code' in error,
      isDatabaseError: cause instanceof driver.DatabaseError,
      query: error.query,
      params: error.params,
      cause: { message, code, severity, detail, fields: driver.errorFields.map((name) => cause[name]) },
      driver: { query, parameters, args },
      keys: Object.keys(cause).sort(),
    };
  };

  test.each(bad)('%s: alone, among others of its turn, and in a transaction', async (_, insert) => {
    await check.insert(users).values({ name: 'taken' });
    const plain = drizzle(database.client());
    const own = batchedDrizzle(database.client());
    const expected = shapeOf(await rejectionOf(insert(plain)));
    expect(expected).toMatchObject({ isQueryError: true, isDatabaseError: true });
    expect(shapeOf(await rejectionOf(insert(own)))).toEqual(expected);
    const [grouped] = await Promise.all([
      rejectionOf(insert(own)),
      own.insert(users).values({ name: `other of ${_}` }),
    ]);
    expect(shapeOf(grouped)).toEqual(expected);
    const inside = own.transaction(async (tx) => {
      await insert(tx);
    });
    expect(shapeOf(await rejectionOf(inside))).toEqual(expected);
  });

  /** The COMMIT of drizzle fails, unless the client sends one unseen. */
  const failsAtCommit = driver.unlogged.includes('commit') ? /^insert into "users"/ : /^commit$/;

  test.each<[string, end: (tx: Flushable) => Promise<unknown>, query: RegExp]>([
    ['flush() of a transaction', (tx) => tx.flush(), /^insert into "users"/],
    ['a transaction that commits', async () => undefined, failsAtCommit],
  ])('%s: programs read the code of its cause, and find no code of ours before it', async (_, end, query) => {
    await check.insert(users).values({ name: 'taken' });
    const errors: (Error & { code?: unknown; cause?: unknown; query?: unknown })[] = [];
    const over = db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'taken' });
      await end(tx).catch((error: unknown) => {
        errors.push(error as Error);
        throw error;
      });
    });
    errors.push(await rejectionOf(over));
    for (const error of errors) {
      expect(error.code ?? (error.cause as { code?: unknown })?.code).toBe('23505');
      expect(error.constructor.name).toMatch(/^(DrizzleQueryError|PostgresError|DatabaseError)$/);
      if (error instanceof DrizzleQueryError) expect(error.query).toMatch(query);
    }
  });

  interface Flushable {
    flush(): Promise<unknown>;
  }

  class ErrorOfCaller extends Error {
    readonly severity = 'HIGH';
    constructor({ inner }: { inner: { text: string } }) {
      super(inner.text);
    }
  }

  test.each([
    ['an error', new Error('boom')],
    ['an error with a severity', Object.assign(new Error('boom'), { severity: 'HIGH' })],
    ['one of a class of its own', new ErrorOfCaller({ inner: { text: 'boom' } })],
    ['a text', 'boom'],
  ])('what a logger throws is what the insert rejects with: %s', async (_, thrown) => {
    const logger = {
      logQuery: (query: string) => {
        if (query.includes('people')) throw thrown;
      },
    };
    const logged = batchedDrizzle(database.client(), { logger });
    const insert = (by: PostgresJsDatabase) => rejectionOf(by.insert(people).values({ email: 'a' }));
    expect(await insert(logged)).toBe(thrown);
    const fine = logged.insert(users).values({ name: 'beside' }).then(countOf);
    expect(await Promise.all([insert(logged), insert(logged), fine])).toEqual([thrown, thrown, 1]);
    // Nothing was sent, so that the transaction can go on.
    const caught = (by: PostgresJsDatabase, name: string) =>
      by.transaction(async (tx) => [await insert(tx), countOf(await tx.insert(users).values({ name }))]);
    const plain = drizzle(database.client(), { logger });
    expect(await caught(plain, 'of plain')).toEqual([thrown, 1]);
    expect(await caught(logged, 'of ours')).toEqual([thrown, 1]);
    const unheard = logged.transaction(async (tx) => void tx.insert(people).values({ email: 'a' }));
    expect(await rejectionOf(unheard)).toMatchObject({ message: 'boom' });
    expect(await check.$count(users)).toBe(3);
    expect(await check.$count(people)).toBe(0);
  });

  test.each([
    ['a cause', () => new Error('proxy', { cause: new Error('deep') })],
    [
      'errors',
      () =>
        Object.assign(new AggregateError([new Error('a'), new Error('b')], 'all'), { code: 'ECONNREFUSED' }),
    ],
    ['a severity', () => Object.assign(new Error('proxy'), { severity: 'ERROR' })],
    ['a class of its own', () => new ErrorOfCaller({ inner: { text: 'no way' } })],
  ])('an error of the connection keeps its class and what is in it: %s', async (_, make) => {
    const failing = () => driver.failing(make);
    const causeOf = async (by: PostgresJsDatabase) => {
      const { cause } = await rejectionOf(by.insert(people).values({ email: 'a' }));
      const { errors, severity } = cause as AggregateError & { severity?: string };
      const { name, message } = cause as Error;
      return [name, cause?.constructor.name, message, (cause as Error | undefined)?.cause, errors, severity];
    };
    expect(await causeOf(batchedDrizzle(failing()))).toEqual(await causeOf(drizzle(failing())));
  });

  test('transaction() rejects with what it rejects with in drizzle, a deferred constraint at COMMIT, too', async () => {
    const late = pgTable('late', { id: integer('id').primaryKey() });
    type Program = (tx: Pick<PostgresJsDatabase, 'insert'>) => Promise<unknown>;
    const atCommit = (error: Error) => driver.unwrapped(error, /^commit$/);
    const programs: [Program, reasonOf: (error: Error & Record<string, unknown>) => typeof error][] = [
      [(tx) => tx.insert(late).values([{ id: 1 }, { id: 1 }]), atCommit],
      [(tx) => rejectionOf(tx.insert(users).values({ name: 'x'.repeat(51) })), atCommit],
      [() => Promise.reject(new RangeError('of the callback')), (error) => error],
    ];
    for (const [program, reasonOf] of programs) {
      // One after the other. At COMMIT each would wait for the other's equal key, and PostgreSQL would end one of them.
      const caught = async (by: Pick<PostgresJsDatabase, 'transaction'>) =>
        reasonOf(await rejectionOf(by.transaction(program)));
      const plain = await caught(driver.reference(database.client()));
      const own = await caught(db);
      expect(own?.constructor).toBe(plain?.constructor);
      expect(own).toMatchObject({ message: plain?.message, ...(plain?.code ? { code: plain.code } : {}) });
    }
  });
});

describe("nobody sees another caller's values", () => {
  const secret = 'hunter2';

  test.each([false, true])(
    'who fails only because another did learns its code and table, no more (debug: %s)',
    async (debug) => {
      const shared = batchedDrizzle(database.client({ own: { debug } }));
      const [own, other] = await Promise.all([
        rejectionOf(shared.insert(people).values({ email: secret, country: 'full' })),
        rejectionOf(shared.insert(people).values({ email: 'other', country: 'de' }).returning()),
        // Part of the same pipeline and before the failing INSERT, so it is not known which of them failed.
        rejectionOf(shared.insert(logs).values({ level: 'info', message: 'mine' })),
        rejectionOf(shared.insert(logs).values({ level: 'info', message: 'mine, too' })),
      ]);
      expect(other.cause).toMatchObject({ code: '53100' });
      expect(allOf(other)).not.toContain(secret);
      expect(allOf(other)).not.toContain('no room');
      expect(other.params).toEqual(['other', 'de']);
      expect(other.cause).toMatchObject(
        errorOf({ query: other.query, parameters: other.params, args: other.params }),
      );
      expect(own.params).toEqual([secret, 'full']);
      expect(allOf(own)).not.toContain('mine');
    },
  );

  test('the culprit of a batch that is split learns of its own values alone', async () => {
    await check.insert(people).values({ email: secret });
    const [own] = await Promise.all([
      rejectionOf(db.insert(people).values([{ email: 'a' }, { email: secret }])),
      db.insert(people).values({ email: 'of another' }),
    ]);
    expect(own.cause).toMatchObject({ detail: `Key ("Email address")=(${secret}) already exists.` });
    expect(own.params).toEqual(['a', secret]);
    expect(allOf(own)).not.toContain('of another');
  });

  test('flush() on a shared database rejects with codes, tables and counts', async () => {
    await check.insert(people).values({ email: secret });
    db.insert(people).values([{ email: 'a' }, { email: secret }]);
    db.insert(people).values({ email: secret });
    db.insert(logs).values({ level: null as never, message: secret });
    db.insert(people).values({ email: 'fine' });
    const error = await rejectionOf(db.flush());
    expect(error).toBeInstanceOf(FlushError);
    expect(error.message).toBe(
      'Failed query: flush failed: 4 rows not written to "people" (23505), "logs" (23502)',
    );
    expect(error.failures).toEqual([
      { table: '"people"', rows: 3, code: '23505' },
      { table: '"logs"', rows: 1, code: '23502' },
    ]);
    expect(error.cause).toBeInstanceOf(driver.DatabaseError);
    expect(error.cause).toMatchObject(
      errorOf({ code: '23505', constraint_name: 'people_Email address_key' }),
    );
    expect(allOf(error)).not.toContain(secret);
    expect((await check.select().from(people)).map(({ email }) => email)).toEqual([secret, 'fine']);
  });

  const throwing = pgTable('people', {
    id: serial('id').primaryKey(),
    email: customType<{ data: string }>({
      dataType: () => 'text',
      toDriver: (text) => {
        throw new RangeError(text);
      },
    })('Email address'),
  });

  test.each<[string, (db: BatchedDatabase) => unknown]>([
    [
      'written',
      (db) => {
        const value = driver.writtenBy(() => throwing.email.mapToDriverValue(secret) as string);
        db.insert(people).values({ email: value as never });
      },
    ],
    ['mapped', (db) => db.insert(throwing).values({ email: secret })],
  ])('flush() on a shared database shows nothing of what a value threw when it was %s', async (_, insert) => {
    insert(db);
    db.insert(people).values({ email: 'fine' });
    const error = await rejectionOf(db.flush());
    expect(error).toMatchObject({ failures: [{ table: '"people"', rows: 1 }] });
    expect(error.cause).toBeInstanceOf(Error);
    expect(allOf(error)).not.toContain(secret);
    await db.flush();
    expect((await check.select().from(people)).map(({ email }) => email)).toEqual(['fine']);
  });

  test('flush() in a transaction that has failed counts what it could not write', async () => {
    const flushed = new Promise((resolve) => {
      const over = db.transaction(async (tx) => {
        await tx.execute(sql`select 1 / 0`).catch(() => {});
        for (const email of ['a', 'b']) tx.insert(people).values({ email });
        resolve(await rejectionOf(tx.flush()));
      });
      over.catch(() => {});
    });
    const error = await flushed;
    expect(error).toBeInstanceOf(FlushError);
    expect((error as FlushError).failures).toEqual([{ table: '"people"', rows: 2, code: '25P02' }]);
  });

  test('a flush of a transaction whose inserts shared a statement has that of the one that failed', async () => {
    await check.insert(people).values({ email: secret });
    let error: unknown;
    const over = db.transaction(async (tx) => {
      for (let n = 0; n < manyEntries; n++) tx.insert(people).values({ email: `${n}` });
      tx.insert(people).values({ email: secret });
      error = await rejectionOf(tx.flush());
    });
    await over.catch(() => {});
    const { query, cause } = error as FlushError;
    expect(query).toMatch(/^insert into "people" \([^)]*\) values \([^)]*\)$/);
    expect(cause).toMatchObject(errorOf({ code: '23505', table_name: 'people' }));
  });

  test('a message never spells out parameters: it names the table, the number of rows and the cause', async () => {
    const error = await rejectionOf(db.insert(people).values([{ email: 'a', country: 'x' }, { email: 'a' }]));
    expect(error.message).toBe(
      'Failed query: insert of 2 rows into "people" failed: duplicate key value violates unique constraint "people_Email address_key"',
    );
    expect(`${error.stack}`).not.toContain('params');
  });
});

describe("the owner's error says which of its rows it was, where the server's detail names the row", () => {
  const rows = [
    { email: 'a', country: 'de', number: 1 },
    { email: 'b', country: 'de', number: 2 },
    { email: 'c, d', country: 'fr', number: 2 },
  ];

  test.each([
    ['one column', { email: 'c, d' }, 2],
    ['two columns', { country: 'de', number: 2 }, 1],
    ['several rows alike: none of them', { country: null, email: null }, undefined],
  ])('%s', async (_, taken, row) => {
    await check.insert(people).values(taken);
    const given = row === undefined ? [{ email: 'x' }, { email: 'x' }] : rows;
    const places = [
      async () => void (await db.insert(people).values(given)),
      () =>
        db.transaction(async (tx) => {
          tx.insert(people).values({ email: 'another' });
          await tx.insert(people).values(given);
        }),
    ];
    for (const place of places) {
      const error = await rejectionOf(place());
      expect(error.row).toBe(row);
      if (row !== undefined)
        expect(error.message).toContain(`insert of 3 rows into "people" failed at row ${row + 1}: `);
    }
  });

  test('a foreign key, and a key that was taken ahead', async () => {
    const orphan = await rejectionOf(
      db
        .insert(addresses)
        .values([{ email: 'a' }, { email: 'b', userId: 42 }])
        .returning(),
    );
    expect(orphan.row).toBe(1);
    await check.insert(people).values({ id: 2 });
    const taken = await rejectionOf(
      db.transaction(async (tx) => {
        // So many entries that keys are taken ahead.
        for (let n = 0; n < manyEntries; n++) tx.insert(logs).values({ level: 'info', message: `${n}` });
        await tx
          .insert(people)
          .values([{ email: 'a' }, { email: 'b' }])
          .returning();
      }),
    );
    expect(taken).toMatchObject({ row: 1, cause: { detail: 'Key (id)=(2) already exists.' } });
  });
});

describe('Promise.all rejects with the error of the statement that failed, and not of one behind it:', () => {
  type Tx = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0];
  const taken = (tx: Tx) => tx.insert(users).values({ name: 'taken' });
  const note = (tx: Tx) => tx.insert(logs).values({ level: 'info', message: 'm' });
  const wrapped = async (work: PromiseLike<unknown>) => {
    await work;
  };
  const programs: [string, (tx: Tx) => PromiseLike<unknown>[]][] = [
    ['a select behind an insert', (tx) => [taken(tx), tx.select().from(logs)]],
    ['an update behind an insert', (tx) => [taken(tx), tx.update(logs).set({ level: 'x' })]],
    ['raw SQL behind two inserts', (tx) => [note(tx), taken(tx), tx.execute(sql`select 1`)]],
    ['an insert behind an insert in an async function', (tx) => [wrapped(taken(tx)), note(tx)]],
    ['an insert behind raw SQL', (tx) => [tx.execute(sql`select 1 / 0`), note(tx)]],
    [
      'inserts around an update in an async function',
      (tx) => [
        note(tx),
        wrapped(tx.update(users).set({ name: 'taken' }).where(sql`name = 'other'`)),
        note(tx),
      ],
    ],
  ];

  test.each(programs)('%s', async (_, work) => {
    await check.insert(users).values([{ name: 'taken' }, { name: 'other' }]);
    const codeIn = async (side: PostgresJsDatabase, reads: boolean) => {
      const failed = side.transaction(async (tx) => {
        if (reads) await tx.select().from(users);
        await Promise.all(work(tx));
      });
      return ((await rejectionOf(failed)).cause as { code?: unknown }).code;
    };
    const queued = batchedDrizzle(database.client(), { batch: { awaits: 'queued' } });
    for (const reads of [true, false]) {
      const expected = await codeIn(drizzle(database.client()), reads);
      expect(expected).not.toBe('25P02');
      expect(await codeIn(db, reads)).toBe(expected);
      expect(await codeIn(queued, reads)).toBe(expected);
    }
  });
});

test('a statement of a transaction that is executed and not awaited emits unhandledRejection if it fails, as in drizzle', async () => {
  for (const side of [drizzle(database.client()), db]) {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const over = side.transaction(async (tx) => {
      await tx.select().from(users);
      tx.execute(sql`select 1 / 0`).execute();
      await tx.select().from(users);
    });
    await rejectionOf(over);
    await turn();
    process.off('unhandledRejection', note);
    expect(unhandled).toMatchObject([{ cause: { code: '22012' } }]);
  }
});
