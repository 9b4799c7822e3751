import { once } from 'node:events';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle } from '../support/drivers/chosen.ts';
import { rejectionOf, unhandledDuring } from '../support/process-events.ts';
import { users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });

let db: BatchedDatabase;

beforeEach(async () => {
  // One connection: if a load kept it, the next statement would wait for ever.
  db = batchedDrizzle(database.client({ max: 1 }));
  await db.execute(emptyTables());
});

const stored = async (): Promise<number> => {
  expect(await db.$count(users)).toBe(Number((await check`select count(*) from users`)[0]?.count));
  return db.$count(users);
};

/** Rows that never end, and whether the load has ended them. */
function endless() {
  const state = { pulled: 0, isEnded: false };
  async function* rows() {
    try {
      for (;;) yield { name: `user ${state.pulled++}` };
    } finally {
      state.isEnded = true;
    }
  }
  return { state, rows: rows() };
}

/** Rows of which the source gives the next only when it is asked to. */
function waiting(count: number) {
  const state = { isEnded: false };
  const rows = {
    [Symbol.asyncIterator]: () => ({
      next: async () =>
        count-- > 0 ? { value: { name: `user ${count}` }, done: false } : new Promise<never>(() => {}),
      return: async () => {
        state.isEnded = true;
        return { value: undefined, done: true };
      },
    }),
  } as AsyncIterable<{ name: string }>;
  return { state, rows };
}

const stoppedMessage = 'load into "users" was stopped: its keys were not read to the end';

describe('leaving keys() before the load is done stops it:', () => {
  test('by break', async () => {
    const { state, rows } = endless();
    const load = db.load(users, rows, { chunkRows: 10, commitEvery: 20 });
    const ids: number[] = [];
    for await (const id of load.keys()) {
      ids.push(id);
      if (ids.length === 5) break;
    }
    expect(ids).toEqual([1, 2, 3, 4, 5]);
    expect(state.isEnded).toBe(true);
    const error = await rejectionOf(load);
    expect(error).toMatchObject({ name: 'LoadError', code: 'LOAD_STOPPED', index: undefined });
    expect(error.message).toMatch(stoppedMessage);
    expect(error.message).toMatch(/; \d+ rows had been committed before$/);
    expect(load.committed).toBe(error.committed);
    expect(await stored()).toBe(load.committed);
  });

  test('by a return from a function', async () => {
    const { state, rows } = endless();
    const load = db.load(users, rows, { chunkRows: 10, commitEvery: 20 });
    const first = async (): Promise<number | undefined> => {
      for await (const id of load.keys()) return id;
      return undefined;
    };
    expect(await first()).toBe(1);
    expect(state.isEnded).toBe(true);
    expect(await rejectionOf(load)).toMatchObject({ code: 'LOAD_STOPPED' });
  });

  test('by an error in the loop, which the caller gets', async () => {
    const { state, rows } = endless();
    const load = db.load(users, rows, { chunkRows: 10, commitEvery: 20 });
    const mine = new Error('mine');
    const loop = async (): Promise<void> => {
      for await (const _ of load.keys()) throw mine;
    };
    expect(await rejectionOf(loop())).toBe(mine);
    expect(state.isEnded).toBe(true);
    expect(await rejectionOf(load)).toMatchObject({ code: 'LOAD_STOPPED' });
  });

  test('by a stream that is destroyed', async () => {
    const { state, rows } = endless();
    const load = db.load(users, rows, { chunkRows: 10, commitEvery: 20 });
    const stream = Readable.from(load.keys());
    await once(stream, 'data');
    stream.destroy();
    await once(stream, 'close');
    expect(await rejectionOf(load)).toMatchObject({ code: 'LOAD_STOPPED' });
    expect(state.isEnded).toBe(true);
  });

  test('by throw(), whose error is the cause', async () => {
    const { rows } = endless();
    const load = db.load(users, rows, { chunkRows: 10, commitEvery: 20 });
    const keys = load.keys()[Symbol.asyncIterator]();
    await keys.next();
    const mine = new Error('mine');
    expect(await rejectionOf(keys.throw?.(mine) as Promise<unknown>)).toBe(mine);
    expect(await rejectionOf(load)).toMatchObject({ code: 'LOAD_STOPPED', cause: { cause: mine } });
  });

  test('without waiting for the next id, or for the next row of the source', async () => {
    const { state, rows } = waiting(25);
    const load = db.load(users, rows, { chunkRows: 10 });
    const keys = load.keys()[Symbol.asyncIterator]();
    const next = keys.next();
    expect(await keys.return?.()).toEqual({ value: undefined, done: true });
    expect(await next).toEqual({ value: undefined, done: true });
    expect(await keys.next()).toEqual({ value: undefined, done: true });
    expect(state.isEnded).toBe(true);
    expect((await rejectionOf(load)).message).toBe(stoppedMessage);
    expect(await stored()).toBe(0);
  });

  test('before the first id was asked for', async () => {
    const { rows } = waiting(5);
    const load = db.load(users, rows);
    await load.keys()[Symbol.asyncIterator]().return?.();
    expect(await rejectionOf(load)).toMatchObject({ code: 'LOAD_STOPPED' });
    expect(await stored()).toBe(0);
  });

  test('while the server waits for a lock', async () => {
    const load = db.load(users, [{ name: 'a' }]);
    const keys = load.keys()[Symbol.asyncIterator]();
    await check.begin(async (sql) => {
      await sql`lock table users in exclusive mode`;
      const next = keys.next();
      const blocked = `select count(*)::int as blocked from pg_locks where not granted and relation = 'users'::regclass`;
      for (let count = 0; count === 0; ) count = (await sql.unsafe(blocked))[0]?.blocked;
      await keys.return?.();
      expect(await next).toEqual({ value: undefined, done: true });
    });
    expect(await rejectionOf(load)).toMatchObject({ code: 'LOAD_STOPPED' });
    expect(await stored()).toBe(0);
  });

  test('in a transaction, which goes on', async () => {
    const { state, rows } = waiting(25);
    await db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'before' });
      const load = tx.load(users, rows, { chunkRows: 10 });
      await load.keys()[Symbol.asyncIterator]().return?.();
      expect(await rejectionOf(load)).toMatchObject({ code: 'LOAD_STOPPED' });
      await tx.insert(users).values({ name: 'behind' });
    });
    expect(state.isEnded).toBe(true);
    expect((await db.select().from(users)).map(({ name }) => name)).toEqual(['before', 'behind']);
  });

  test('without an unhandled rejection, though nobody awaits the load', async () => {
    const unhandled = await unhandledDuring(async () => {
      for await (const _ of db.load(users, endless().rows, { chunkRows: 10, commitEvery: 20 }).keys()) break;
      await stored();
    });
    expect(unhandled).toEqual([]);
  });
});

describe('leaving keys()', () => {
  test('of a load that is committed undoes nothing, and the load resolves', async () => {
    const load = db.load(users, [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    for await (const id of load.keys()) {
      expect(id).toBe(1);
      break;
    }
    expect(await load).toMatchObject({ rows: 3 });
    expect(await stored()).toBe(3);
  });

  test('of a load that has failed by itself throws its error', async () => {
    const rows = Array.from({ length: 30 }, (_, n) => ({ name: n === 25 ? 'user 1' : `user ${n}` }));
    const load = db.load(users, rows, { chunkRows: 10, commitEvery: 10 });
    const loop = async (): Promise<void> => {
      for await (const _ of load.keys()) {
        await rejectionOf(load);
        break;
      }
    };
    const error = await rejectionOf(loop());
    expect(error).toMatchObject({ code: 'LOAD_FAILED', index: 25, committed: 20 });
    expect(await rejectionOf(load)).toBe(error);
    expect(await stored()).toBe(20);
  });

  test('by one of two readers leaves the load to the other', async () => {
    const rows = Array.from({ length: 50 }, (_, n) => ({ name: `user ${n}` }));
    const load = db.load(users, rows, { chunkRows: 10, commitEvery: 10 });
    const keys = load.keys();
    const other = keys[Symbol.asyncIterator]();
    for await (const _ of keys) break;
    for (let next = await other.next(); !next.done; ) next = await other.next();
    expect(await load).toMatchObject({ rows: 50 });
    expect(await other.return?.()).toEqual({ value: undefined, done: true });
  });

  test('and reading them again throws the error of the stopped load', async () => {
    const { rows } = endless();
    const load = db.load(users, rows, { chunkRows: 10, commitEvery: 20 });
    const keys = load.keys();
    for await (const _ of keys) break;
    const again = async (): Promise<void> => {
      for await (const _ of keys);
    };
    expect(await rejectionOf(again())).toMatchObject({ code: 'LOAD_STOPPED' });
  });
});

test('keys that are asked for and never read do not stop the load', async () => {
  const load = db.load(users, [{ name: 'a' }]);
  load.keys();
  expect(await load).toMatchObject({ rows: 1 });
  expect(await stored()).toBe(1);
});
