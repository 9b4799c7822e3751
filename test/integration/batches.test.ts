import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FlushMessage } from '../../src/index.ts';
import { FlushError } from '../../src/settle/flush-error.ts';
import { BatchedInsertError } from '../../src/take/insert-error.ts';
import { emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { rejectionOf, unhandledDuring } from '../support/process-events.ts';
import { addresses, events, logs, organizations, users, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());
const db = batchedDrizzle(database.client());

beforeEach(() => check.execute(emptyTables()));

function log(message: string): { level: string; message: string } {
  return { level: 'info', message };
}

describe('200,000 rows of 16 columns', () => {
  const total = 200_000;
  const perInsert = 50;

  /** Every column is computed from `whole`, so that the server can check it. */
  function wideRow(number: number): typeof wide.$inferInsert {
    return {
      small: number % 30_000,
      whole: number,
      big: number * 4_000_000,
      huge: BigInt(number) * 1_000_000_007n,
      amount: `${number}.25`,
      ratio: number / 2,
      precise: number / 8,
      flag: number % 2 === 0,
      note: `note "${number}", \\ and {more}`,
      title: `title ${number}`,
      code: `${number}`,
      day: '2024-02-29',
      document: { number },
      labels: [`${number}`, 'a,b'],
      counts: [number, -number],
    };
  }

  const isRight = sql`
    small = whole % 30000 and big = whole::bigint * 4000000 and huge = whole::bigint * 1000000007
    and amount = whole + 0.25 and ratio = (whole / 2.0)::real and precise = whole / 8.0 and flag = (whole % 2 = 0)
    and note = 'note "' || whole || '", \\ and {more}' and title = 'title ' || whole and code = whole::text
    and day = '2024-02-29' and document = jsonb_build_object('number', whole)
    and labels = array[whole::text, 'a,b'] and counts = array[whole, -whole] and moment is null and bytes is null`;

  test('queued and flushed are written, with the ids given to their callers', {
    timeout: 120_000,
  }, async () => {
    let given = 0n;
    let callers = 0;
    const ids: Promise<void>[] = [];
    for (let first = 0; first < total; first += perInsert) {
      const rows = Array.from({ length: perInsert }, (_, row) => wideRow(first + row));
      const insert = db.insert(wide).values(rows).returning({ id: wide.id, whole: wide.whole });
      ids.push(
        insert.then((returned) => {
          callers++;
          expect(returned).toHaveLength(perInsert);
          for (const [row, { id, whole }] of returned.entries()) {
            if (whole !== first + row) throw new Error(`row ${first + row} was given the row of ${whole}`);
            given += BigInt(id) * BigInt((whole % 1000) + 1);
          }
        }),
      );
      // A program that reads its rows from a source would pause like this.
      if (first % 10_000 === 0) await new Promise(setImmediate);
    }
    await db.flush();
    await Promise.all(ids);
    expect(callers).toBe(total / perInsert);
    const [checksum] = rowsOf(
      await check.execute(sql`
      select count(*)::int as count, count(distinct id)::int as ids, count(*) filter (where ${isRight})::int as "right",
        sum(id * (whole % 1000 + 1))::text as given, count(distinct whole)::int as wholes from wide`),
    );
    expect(checksum).toEqual({ count: total, ids: total, right: total, given: `${given}`, wholes: total });
  });

  test('in a transaction are written, by one call of values()', { timeout: 120_000 }, async () => {
    const rows = Array.from({ length: 70_000 }, (_, number) => wideRow(number));
    await db.transaction(async (tx) => {
      tx.insert(wide).values(rows);
    });
    const [checksum] = rowsOf(
      await check.execute(
        sql`select count(*)::int as count, count(*) filter (where ${isRight})::int as "right" from wide`,
      ),
    );
    expect(checksum).toEqual({ count: rows.length, right: rows.length });
  });
});

describe('chunks', () => {
  test('of maxRows rows are one INSERT each, in one flight', async () => {
    const { db: small, count } = await startCounted(database, { batch: { maxRows: 10 } });
    const { statements, result, trips } = await count(() =>
      small.transaction(async (tx) => {
        const inserted = tx
          .insert(users)
          .values(Array.from({ length: 35 }, (_, number) => ({ name: `${number}` })));
        tx.insert(addresses).values({ email: 'a', userId: inserted.ref('id', 34) });
        tx.insert(addresses).values({ email: 'b', userId: inserted.ref('id', 10) });
        return inserted.returning();
      }),
    );
    const sizes = statements.filter((statement) => /insert into "users"/.test(statement));
    expect(sizes).toHaveLength(4);
    expect(trips).toBe(2);
    expect(result.map(({ name }) => name)).toEqual(Array.from({ length: 35 }, (_, number) => `${number}`));
    expect(result.map(({ id }) => id)).toEqual(
      (await check.select().from(users).orderBy(sql`name::int`)).map(({ id }) => id),
    );
    const found = await check.select().from(addresses).orderBy(addresses.email);
    expect(found.map(({ userId }) => userId)).toEqual([result[34]?.id, result[10]?.id]);
  });

  test('of maxBytes bytes are one INSERT each, in one flight', async () => {
    const { db: small, count } = await startCounted(database, { batch: { maxBytes: 10_000 } });
    const { statements } = await count(() =>
      small.insert(logs).values(Array.from({ length: 40 }, () => log('x'.repeat(996)))),
    );
    expect(statements.filter((statement) => statement.includes('insert into "logs"'))).toHaveLength(4);
    expect(await check.$count(logs)).toBe(40);
  });

  test('of 512 KiB are one INSERT each, in one flight', async () => {
    const { db: counted, count } = await startCounted(database);
    const { statements, trips } = await count(() =>
      counted.insert(logs).values(Array.from({ length: 40 }, () => log('x'.repeat(32 * 1_024)))),
    );
    expect(statements.filter((statement) => statement.includes('insert into "logs"'))).toHaveLength(3);
    expect(trips).toBe(1);
    expect(await check.$count(logs)).toBe(40);
  });

  test('with JSON send it as text, which is cast row by row', async () => {
    const { db: counted, count } = await startCounted(database);
    const documents = Array.from({ length: 40 }, (_, n) => ({
      n,
      'a "key"': [null, '\\', '\n\u0001', '😀'],
    }));
    const { statements } = await count(() =>
      counted.insert(wide).values(documents.map((document) => ({ document }))),
    );
    expect(statements.filter((statement) => /u\.c\d+::pg_catalog\.jsonb/.test(statement))).toHaveLength(1);
    const rows = await check.select().from(wide).orderBy(wide.id);
    expect(rows.map(({ document }) => document)).toEqual(documents);
  });

  test('a queue that reaches maxRows flushes by itself; later inserts go to the next batch', async () => {
    const { db: small, count } = await startCounted(database, { batch: { maxRows: 10 } });
    const { statements } = await count(async () => {
      for (let number = 0; number < 25; number++) {
        small.insert(logs).values(log(`${number}`));
        await undefined;
      }
      expect(small.pending).toBe(5);
      await expect.poll(() => check.$count(logs)).toBe(20);
      expect(small.pending).toBe(5);
      await small.flush();
    });
    expect(statements.filter((statement) => statement.includes('insert into "logs"'))).toHaveLength(3);
    expect(await check.$count(logs)).toBe(25);
  });

  test('a queue that reaches maxBytes flushes by itself', async () => {
    const small = batchedDrizzle(database.client(), { batch: { maxBytes: 1_000 } });
    small.insert(logs).values(log('x'.repeat(500)));
    expect(small.pending).toBe(1);
    small.insert(logs).values(log('x'.repeat(500)));
    await expect.poll(() => check.$count(logs)).toBe(2);
    expect(small.pending).toBe(0);
  });

  test('a row that alone is larger than maxBytes is written', async () => {
    const small = batchedDrizzle(database.client(), { batch: { maxBytes: 10 } });
    const [one, two] = await small
      .insert(wide)
      .values([{ note: 'x'.repeat(1_000) }, { note: 'y'.repeat(1_000) }])
      .returning();
    expect([one?.note?.[0], two?.note?.[0]]).toEqual(['x', 'y']);
  });

  test('with maxRows: 1 every row is an INSERT of its own, and all are written', async () => {
    const single = batchedDrizzle(database.client(), { batch: { maxRows: 1 } });
    const returned = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        single
          .insert(users)
          .values([{ name }, { name: `${name}2` }])
          .returning(),
      ),
    );
    expect(returned.flat().map(({ name }) => name)).toEqual(['a', 'a2', 'b', 'b2', 'c', 'c2']);
    expect(await check.select().from(users).orderBy(users.name)).toEqual(returned.flat());
  });
});

describe('a value that its column cannot take', () => {
  test('rejects its one caller; the others are written, and the process lives', async () => {
    const settled = await Promise.allSettled([
      db.insert(logs).values(log('first')),
      db.insert(logs).values({ level: 'bad', message: driver.unsendable as never }),
      db.insert(users).values({ name: 'other' }).returning(),
      db.insert(logs).values(log('last')),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    const { reason } = settled[1] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(BatchedInsertError);
    expect(reason.message).toBe(
      'Failed query: insert of 1 row into "logs" failed: Cannot convert a Symbol value to a string (row 1, column "message")',
    );
    expect((await check.select().from(logs)).map(({ message }) => message)).toEqual(['first', 'last']);
    expect(await check.$count(users)).toBe(1);
  });

  test('several of them reject their callers, each with its own error', async () => {
    const settled = await Promise.allSettled([
      db.insert(logs).values({ level: 'bad', message: driver.unsendable as never }),
      db.insert(logs).values([log('fine'), { level: driver.unsendable as never, message: '' }]),
      db.insert(logs).values(log('written')),
      db.insert(users).values({ name: driver.unsendable as never }),
    ]);
    expect(settled.map((outcome) => ('reason' in outcome ? outcome.reason.message : 'written'))).toEqual([
      expect.stringContaining('row 1, column "message"'),
      expect.stringContaining('row 2, column "level"'),
      'written',
      expect.stringContaining('row 1, column "name"'),
    ]);
    expect((await check.select().from(logs)).map(({ message }) => message)).toEqual(['written']);
  });

  test('in an sql expression rejects its one caller', async () => {
    const settled = await Promise.allSettled([
      db.insert(logs).values(log('first')),
      db.insert(logs).values({ level: sql`${driver.unsendable}`, message: '' }),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await check.$count(logs)).toBe(1);
  });

  test('is told by flush() where nobody awaits it, without its value', async () => {
    db.insert(logs).values(log('first'));
    db.insert(logs).values({ level: 'secret', message: driver.unsendable as never });
    const error = await rejectionOf(db.flush());
    expect(error).toBeInstanceOf(FlushError);
    expect(error).toMatchObject({ batchCode: 'FLUSH_FAILED', failures: [{ table: '"logs"', rows: 1 }] });
    expect(error.message).not.toContain('secret');
    expect(await check.$count(logs)).toBe(1);
    // A failure is reported only once.
    expect(await db.flush()).toMatchObject({ rows: 0 });
  });
});

describe('on the database', () => {
  test('an insert that nobody awaits is written by flush()', async () => {
    const insert = db
      .insert(users)
      .values([{ name: 'a' }, { name: 'b' }])
      .returning();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await check.$count(users)).toBe(0);
    const report = await db.flush();
    expect(report).toMatchObject({
      rows: 2,
      // One entry by itself is drizzle's own INSERT, which needs no key ahead.
      keys: 0,
      tables: [{ table: '"users"', rows: 2, keys: 0, statements: 1 }],
    });
    expect(report.ms).toBeGreaterThan(0);
    expect(await check.select().from(users)).toEqual(await insert);
  });

  test('pending counts the rows that are queued', async () => {
    expect(db.pending).toBe(0);
    db.insert(users).values([{ name: 'a' }, { name: 'b' }]);
    expect(db.pending).toBe(2);
    db.insert(logs).values(log('a'));
    expect(db.pending).toBe(3);
    const flushing = db.flush();
    expect(db.pending).toBe(0);
    db.insert(logs).values(log('b'));
    expect(db.pending).toBe(1);
    await flushing;
    expect(db.pending).toBe(1);
    expect(await check.$count(logs)).toBe(1);
    await db.flush();
    expect(db.pending).toBe(0);
    expect(await check.$count(logs)).toBe(2);
  });

  test('pending of a transaction is its own', async () => {
    db.insert(logs).values(log('outside'));
    await db.transaction(async (tx) => {
      expect(tx.pending).toBe(0);
      tx.insert(logs).values([log('a'), log('b')]);
      expect([tx.pending, db.pending]).toEqual([2, 1]);
      await tx.transaction(async (nested) => {
        expect([nested.pending, tx.pending]).toEqual([0, 0]);
        nested.insert(logs).values(log('c'));
        expect([nested.pending, tx.pending]).toEqual([1, 0]);
      });
    });
    expect(db.pending).toBe(1);
    await db.flush();
  });

  test('await using flushes at its end', async () => {
    {
      await using disposed = batchedDrizzle(database.client());
      disposed.insert(logs).values(log('a'));
    }
    expect(await check.$count(logs)).toBe(1);
  });

  test('a failure that nobody awaits is told by the next flush(), and is no unhandledRejection', async () => {
    await check.insert(users).values({ name: 'taken' });
    const unhandled = await unhandledDuring(async () => {
      db.insert(users).values({ name: 'taken' });
      db.insert(users).values({ name: 'fine' });
      const error = await rejectionOf(db.flush());
      expect(error).toMatchObject({ failures: [{ table: '"users"', rows: 1, code: '23505' }] });
      expect(error.message).toBe('Failed query: flush failed: 1 row not written to "users" (23505)');
    });
    expect(unhandled).toEqual([]);
  });

  test('inserts that no connection could be opened for get the error that says why', async () => {
    const url = new URL(database.url);
    url.pathname = '/no_such_database';
    const closed = batchedDrizzle(database.client({ url: url.href }));
    const refused = await Promise.all(
      ['a', 'b'].map((name) => rejectionOf(closed.insert(logs).values(log(name)))),
    );
    for (const { cause } of refused)
      expect(cause).toMatchObject({ code: '3D000', message: expect.stringContaining('no_such_database') });
  });

  test('such a failure is not lost where the next flush() has one of its own', async () => {
    await check.insert(users).values({ name: 'taken' });
    const full = batchedDrizzle(database.client(), { batch: { maxRows: 1 } });
    const failed = new Promise<void>((resolve) => {
      const hear = (message: unknown) => {
        if ((message as FlushMessage).event !== 'error') return;
        unsubscribe('batched-drizzle:flush', hear);
        resolve();
      };
      subscribe('batched-drizzle:flush', hear);
    });
    full.insert(users).values({ name: 'taken' });
    await failed;
    full.insert(logs).values({ level: 'info', message: null as never });
    expect(await rejectionOf(full.flush())).toMatchObject({ failures: [{ code: '23502' }] });
    expect(await rejectionOf(full.flush())).toMatchObject({ failures: [{ code: '23505' }] });
    expect((await full.flush()).rows).toBe(0);
  });

  test('two flushes at once share nothing', async () => {
    db.insert(events).values([{ kind: 'a' }, { kind: 'b' }]);
    const first = db.flush();
    db.insert(events).values({ kind: 'c' });
    const second = db.flush();
    expect((await first).rows).toBe(2);
    expect((await second).rows).toBe(1);
    expect(await check.$count(events)).toBe(3);
  });

  test.skipIf(!driver.ownTypes)(
    'callers whose client reads keys as objects that look alike get their own rows',
    async () => {
      class Key {
        constructor(readonly text: string) {}
        valueOf(): number {
          return Number(this.text);
        }
      }
      const parse = (text: string) => new Key(text);
      const types = { key: { to: 20, from: [20], serialize: String, parse } };
      const own = batchedDrizzle(database.client({ own: { types } }));
      const names = ['a', 'b', 'c'];
      const rows = await Promise.all(
        names.map((name) => own.insert(organizations).values({ name }).returning()),
      );
      expect(rows.map(([row]) => row?.name)).toEqual(names);
      const stored = await check.select().from(organizations).orderBy(organizations.id);
      expect(rows.map(([row]) => Number(row?.id))).toEqual(stored.map(({ id }) => id));
    },
  );

  test('concurrent callers get their own rows, over and over', async () => {
    const rounds = Array.from({ length: 30 }, async (_, round) => {
      for (let turn = 0; turn < 5; turn++) {
        const name = `${round}.${turn}`;
        const [user] = await db.insert(users).values({ name }).returning();
        expect(user?.name).toBe(name);
        const [row] = await check.select().from(users).where(sql`${users.name} = ${name}`);
        expect(user?.id).toBe(row?.id);
      }
    });
    await Promise.all(rounds);
    expect(await check.$count(users)).toBe(150);
  });
});
