import { asc, sql } from 'drizzle-orm';
import { customType, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { LoadError } from '../../src/load/load-error.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, driver, rowsOf } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });

let client: Client;
let db: BatchedDatabase;
let statements: string[];
let mutations: string[];

beforeEach(async () => {
  client = database.client({ max: 2 });
  statements = [];
  mutations = [];
  db = batchedDrizzle(client, {
    logger: { logQuery: (query) => statements.push(query) },
    cache: {
      strategy: () => 'explicit',
      get: async () => undefined,
      put: async () => {},
      onMutate: async ({ tables }: { tables: string[] }) => void mutations.push(...tables),
    } as never,
  });
  await db.execute(emptyTables());
});

const names = async (): Promise<(string | null)[]> =>
  (await db.select().from(users).orderBy(asc(users.id))).map(({ name }) => name);

const numbered = (count: number, from = 0): { id: number; name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + from + 1, name: `user ${index + from}` }));

/** Good and bad rows. The names of bad rows exist already, or their ids are not numbers. */
function mixed(
  count: number,
  isBad: (index: number) => boolean,
): { rows: object[]; good: string[]; bad: number[] } {
  const rows = numbered(count).map((row, index) => {
    if (!isBad(index)) return row;
    return index % 2 ? { ...row, name: 'taken' } : { ...row, id: 'no number' };
  });
  const indexes = [...rows.keys()];
  return {
    rows,
    good: numbered(count)
      .filter((_, index) => !isBad(index))
      .map(({ name }) => name),
    bad: indexes.filter(isBad),
  };
}

const patterns: Record<string, (index: number) => boolean> = {
  'the first': (index) => index === 0,
  'the last': (index) => index === 99,
  'two neighbours': (index) => index === 41 || index === 42,
  'every third': (index) => index % 3 === 0,
  'nearly all': (index) => index % 17 !== 5,
  all: () => true,
};

describe('rows that are refused are set aside, each with its index and its error, and all others are written:', () => {
  test.each(Object.keys(patterns))('%s', async (pattern) => {
    for (const onConflict of ['error', 'nothing'] as const) {
      await db.execute(emptyTables());
      await check`insert into users (id, name) values (1000, 'taken')`;
      const { rows, good, bad } = mixed(100, patterns[pattern] as (index: number) => boolean);
      // With `onConflict: 'nothing'` a name that exists is skipped, and is no error.
      const errors = onConflict === 'error' ? bad : bad.filter((index) => index % 2 === 0);
      const aside: number[] = [];
      const report = await db.load(users, rows as never, {
        chunkRows: 30,
        onConflict,
        onRowError: (row, index, error) => {
          expect(row).toBe(rows[index]);
          expect(error).toBeInstanceOf(LoadError);
          expect(error.index).toBe(index);
          aside.push(index);
        },
      });
      expect(aside).toEqual(errors);
      expect(report).toMatchObject({ rows: good.length, skipped: bad.length });
      expect(await names()).toEqual([...good, 'taken']);
    }
  });

  test('those that only the end of a statement tells of', async () => {
    await check`insert into users (id) values (1)`;
    const rows = Array.from({ length: 100 }, (_, n) => ({ email: `${n}`, userId: n % 30 === 7 ? 2 : 1 }));
    const aside: [number, string | undefined][] = [];
    await db.load(addresses, rows, { onRowError: (_, index, { column }) => aside.push([index, column]) });
    expect(aside).toEqual([7, 37, 67, 97].map((index) => [index, 'userId']));
    expect(await db.$count(addresses)).toBe(96);
  });

  test('those whose value has a syntax of its own', async () => {
    await check`create table searches (id serial, query tsquery)`;
    const searches = pgTable('searches', {
      query: customType<{ data: string }>({ dataType: () => 'tsquery' })(),
    });
    const aside: [number, string | undefined][] = [];
    const rows = [{ query: 'a & b' }, { query: 'a b' }, { query: 'c' }];
    const onRowError = (_: unknown, index: number, { column }: LoadError) => aside.push([index, column]);
    expect(await db.load(searches, rows, { onRowError })).toMatchObject({ rows: 2, skipped: 1 });
    expect(aside).toEqual([[1, 'query']]);
    await check`drop table searches`;
  });

  test('and none of them leaves a savepoint open, each of which would hold a lock', async () => {
    await db.transaction(async (tx) => {
      await tx.load(users, mixed(100, (index) => index % 2 === 1).rows as never, { onRowError: () => {} });
      const [own] = rowsOf(
        await tx.execute<{ locks: number }>(sql`
        select count(*)::int as locks from pg_locks
        where locktype = 'transactionid' and pid = pg_backend_pid()`),
      );
      // The lock of the transaction, and that of the load.
      expect(own?.locks).toBe(1 + driver.locksOfSavepoint);
    });
  });

  test('but a table that is not there, or a privilege that is missing, fails the load', async () => {
    const gone = pgTable('gone', { n: integer() });
    const aside: number[] = [];
    const onRowError = (_: unknown, index: number): void => void aside.push(index);
    expect(await rejectionOf(db.load(gone, [{ n: 1 }, { n: 2 }], { onRowError }))).toMatchObject({
      index: undefined,
      cause: { code: '42P01' },
    });
    expect(aside).toEqual([]);
  });

  test('an onRowError that throws fails the load', async () => {
    const onRowError = (): never => {
      throw new Error('too many');
    };
    const error = await rejectionOf(db.load(users, [{ name: 'a' }, null as never], { onRowError }));
    expect(error.message).toBe('load into "users" failed: too many');
    expect(await names()).toEqual([]);
  });
});

describe('a row that only the end of a statement tells of', () => {
  test('is named by the error of a load that fails', async () => {
    await check`insert into users (id) values (1)`;
    const rows = Array.from({ length: 100 }, (_, n) => ({ email: `${n}`, userId: n === 61 ? 2 : 1 }));
    expect(await rejectionOf(db.load(addresses, rows))).toMatchObject({
      index: 61,
      column: 'userId',
      value: 2,
    });
    expect(await db.$count(addresses)).toBe(0);
  });

  test('is not known where only COMMIT tells, which fails the load', async () => {
    await check`create table late (n int unique deferrable initially deferred)`;
    const late = pgTable('late', { n: integer() });
    const error = await rejectionOf(db.load(late, [{ n: 1 }, { n: 1 }]));
    expect(error).toMatchObject({ code: 'LOAD_FAILED', index: undefined, cause: { code: '23505' } });
    expect(await db.$count(late)).toBe(0);
  });
});

describe('commitEvery', () => {
  test('commits whenever so many rows have been dealt with', async () => {
    const seen: number[] = [];
    const counts: Promise<unknown>[] = [];
    const load = db.load(users, numbered(25), {
      commitEvery: 10,
      chunkRows: 4,
      onProgress: ({ rows }) => {
        seen.push(rows);
        counts.push(check`select count(*)::int from users`.then(([row]) => row?.count));
      },
    });
    expect(await load).toMatchObject({ rows: 25 });
    expect(seen).toEqual([4, 8, 10, 14, 18, 20, 24, 25]);
    expect(load.committed).toBe(25);
    for (const count of await Promise.all(counts)) expect([0, 10, 20, 25]).toContain(count);
  });

  test('keeps what was committed before a row that fails the load, and says how much that is', async () => {
    const rows = [...numbered(25), { id: 1, name: 'again' }];
    const load = db.load(users, rows, { commitEvery: 10, chunkRows: 4 });
    const error = await rejectionOf(load);
    expect(error).toMatchObject({ index: 25, column: 'id', committed: 20 });
    expect(error.message).toMatch(/; 20 rows had been committed before$/);
    expect(load.committed).toBe(20);
    expect(await names()).toHaveLength(20);
  });

  test('keeps what was committed before a signal', async () => {
    const controller = new AbortController();
    const load = db.load(users, numbered(50), {
      commitEvery: 10,
      signal: controller.signal,
      onProgress: ({ rows }) => rows === 30 && controller.abort('enough'),
    });
    await expect(load).rejects.toBe('enough');
    expect(load.committed).toBe(20);
    expect(await names()).toHaveLength(20);
  });
});

describe('onConflict', () => {
  test("'nothing' skips rows that are there, and those that repeat one of the load", async () => {
    await check`insert into users (id, name) values (1000, 'user 3')`;
    const rows = [...numbered(10), { id: 11, name: 'user 4' }];
    const report = await db.load(users, rows, { onConflict: 'nothing', chunkRows: 4 });
    expect(report).toMatchObject({ rows: 9, skipped: 2 });
    expect(await names()).toHaveLength(10);
  });

  test('{ update } updates rows that are there, and those of the load one after the other', async () => {
    await check`insert into users (id, name) values (3, 'before')`;
    const rows = [...numbered(6), { id: 2, name: 'second' }, { id: 2, name: 'third' }];
    const update = { target: users.id, set: { name: sql`excluded.name` } };
    expect(await db.load(users, rows, { onConflict: { update } })).toMatchObject({ rows: 8, skipped: 0 });
    // One INSERT of all rows, which PostgreSQL refuses, and then one for each row.
    expect(statements.filter((statement) => statement.startsWith('insert into "users"'))).toHaveLength(1 + 8);
    expect(await names()).toEqual(['user 0', 'third', 'user 2', 'user 3', 'user 4', 'user 5']);
  });

  test('{ update } with a condition skips the rows that do not meet it', async () => {
    await check`insert into users (id, name) values (1, 'kept'), (2, 'old')`;
    const update = {
      target: users.id,
      set: { name: sql`excluded.name` },
      setWhere: sql`${users.name} <> ${'kept'}`,
    };
    expect(await db.load(users, numbered(3), { onConflict: { update } })).toMatchObject({
      rows: 2,
      skipped: 1,
    });
    expect(await names()).toEqual(['kept', 'user 1', 'user 2']);
  });
});

describe('in a transaction', () => {
  test('what is queued is written first, and the load is part of it', async () => {
    const rollback = new Error('rolled back');
    const work = db.transaction(async (tx) => {
      const first = tx.insert(users).values({ name: 'queued' });
      const report = await tx.load(addresses, [
        { email: 'a', userId: 1 },
        { email: 'b', userId: first.ref('id') as never },
      ]);
      expect(report.rows).toBe(2);
      expect(await tx.$count(addresses)).toBe(2);
      throw rollback;
    });
    await expect(work).rejects.toBe(rollback);
    expect(await db.$count(addresses)).toBe(0);
  });

  test('a load that fails leaves nothing behind, and the transaction goes on', async () => {
    await db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'before' });
      const rows = [...numbered(10, 100), { name: 'before' }];
      expect(await rejectionOf(tx.load(users, rows, { chunkRows: 3 }))).toMatchObject({ index: 10 });
      await tx.insert(users).values({ name: 'after' });
    });
    expect(await names()).toEqual(['before', 'after']);
  });

  test('a load that is stopped is undone when it rejects, and the transaction goes on', async () => {
    await db.transaction(async (tx) => {
      const controller = new AbortController();
      const load = tx.load(users, numbered(50), {
        chunkRows: 10,
        signal: controller.signal,
        onProgress: () => controller.abort('enough'),
      });
      await expect(load).rejects.toBe('enough');
      expect(await tx.$count(users)).toBe(0);
    });
  });

  test('what its source queues is written before the rows that come behind it', async () => {
    await db.transaction(async (tx) => {
      function* withParents(): Generator<typeof addresses.$inferInsert> {
        for (let id = 1; id <= 10; id++) {
          tx.insert(users).values({ id, name: `parent ${id}` });
          yield { email: `child of ${id}`, userId: id };
        }
      }
      expect(await tx.load(addresses, withParents(), { chunkRows: 3 })).toMatchObject({ rows: 10 });
    });
    expect(await db.$count(addresses)).toBe(10);
  });

  test('statements beside it wait for its chunks, and it for them', async () => {
    await db.transaction(async (tx) => {
      const [report, , count] = await Promise.all([
        tx.load(users, numbered(20), { chunkRows: 5 }),
        tx.insert(logs).values({ level: 'info', message: 'beside' }),
        tx.$count(logs),
      ]);
      expect(report.rows).toBe(20);
      expect(count).toBeLessThanOrEqual(1);
    });
    expect(await names()).toHaveLength(20);
    expect(await db.$count(logs)).toBe(1);
  });

  test('within one that is nested it goes back with that', async () => {
    await db.transaction(async (tx) => {
      const inner = tx.transaction(async (nested) => {
        await nested.load(users, numbered(5));
        throw new Error('inner');
      });
      await expect(inner).rejects.toThrow('inner');
      await tx.load(users, numbered(2));
    });
    expect(await names()).toEqual(['user 0', 'user 1']);
  });
});

describe('what others hear of it:', () => {
  test("drizzle's logger each statement, its cache one mutation", async () => {
    statements.length = 0;
    await db.load(users, numbered(20), { chunkRows: 10 });
    const ends = ['begin', 'commit'].filter((word) => !driver.unlogged.includes(word));
    expect(statements.filter((statement) => ends.includes(statement))).toEqual(ends);
    const others = statements.filter((statement) => !ends.includes(statement));
    expect(others.slice(-2)).toEqual(Array(2).fill('copy "users" ("id", "name") from stdin'));
    expect(others).toHaveLength(4);
    expect(mutations).toEqual(['users']);
  });
});

describe('tables into which COPY would write otherwise than INSERT', () => {
  const items = pgTable('items', { n: integer(), note: text() });
  const rows = Array.from({ length: 10 }, (_, n) => ({ n, note: `${n}` }));
  const copies = () => statements.filter((statement) => statement.startsWith('copy')).length;

  beforeEach(async () => {
    await check.unsafe('drop table if exists items cascade; create table items (n int, note text)').simple();
  });

  test('with a rule are written by INSERT, which follows it', async () => {
    await check`create rule doubled as on insert to items do also insert into logs values ('rule', new.note)`;
    await db.load(items, rows);
    expect(copies()).toBe(0);
    expect([await db.$count(items), await db.$count(logs)]).toEqual([10, 10]);
  });

  test('that are views are written by INSERT', async () => {
    await check`create view seen as select * from items`;
    await db.load(pgTable('seen', { n: integer(), note: text() }), rows);
    expect([copies(), await db.$count(items)]).toEqual([0, 10]);
  });

  test('with a trigger are written by COPY, which fires it', async () => {
    await check
      .unsafe(`create function drop_odd() returns trigger language plpgsql as
      $$ begin if new.n % 2 = 1 then return null; end if; new.note = 'changed'; return new; end $$;
      create trigger drop_odd before insert on items for each row execute function drop_odd()`)
      .simple();
    expect(await db.load(items, rows)).toMatchObject({ rows: 5, skipped: 5 });
    expect(copies()).toBe(1);
    expect(await db.select().from(items)).toEqual([0, 2, 4, 6, 8].map((n) => ({ n, note: 'changed' })));
  });

  test('whose trigger refuses a row tell which', async () => {
    await check
      .unsafe(`create or replace function refuse() returns trigger language plpgsql as
      $$ begin if new.n = 7 then raise 'no sevens'; end if; return new; end $$;
      create trigger refuse after insert on items for each row execute function refuse()`)
      .simple();
    expect(await rejectionOf(db.load(items, rows))).toMatchObject({ index: 7, cause: { code: 'P0001' } });
    const aside: number[] = [];
    await db.load(items, rows, { onRowError: (_, index) => aside.push(index) });
    expect(aside).toEqual([7]);
    expect(await db.$count(items)).toBe(9);
  });
});
