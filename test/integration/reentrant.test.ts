/** A cache or a logger that uses the database, or the very transaction that it is told of. */
import { type DrizzleConfig, sql } from 'drizzle-orm';
import { Cache } from 'drizzle-orm/cache/core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { times } from '../support/copies.ts';
import { emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { openTransactions, settling } from '../support/flights.ts';
import { rejectionOf } from '../support/process-events.ts';
import { logs, organizations } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const admin = database.connect({ max: 1 });
const check = drizzle(database.client({ max: 1 }));

beforeEach(() => {
  current.db = undefined;
  return check.execute(emptyTables());
});

const log = (message: string) => ({ level: 'info', message });

type Database = Pick<PostgresJsDatabase, 'insert' | 'select' | 'execute' | 'update' | '$count'>;

/** The database or the transaction that a program is in, where its cache and its logger find it. */
const current = {
  db: undefined as Database | undefined,
  run<T>(db: Database, work: () => Promise<T>): Promise<T> {
    this.db = db;
    return work();
  },
};

type Work = (db: Database) => PromiseLike<unknown>;

/** Does its work once, when it is asked for the first time. */
class Asking extends Cache {
  #isOver = false;

  constructor(readonly ways: { get?: Work; put?: Work; onMutate?: Work }) {
    super();
  }

  async #once(work: Work | undefined): Promise<void> {
    const db = current.db;
    if (this.#isOver || !work || !db) return;
    this.#isOver = true;
    await work(db);
  }

  override strategy(): 'explicit' {
    return 'explicit';
  }

  override async get(): Promise<undefined> {
    await this.#once(this.ways.get);
  }

  override async put(): Promise<void> {
    await this.#once(this.ways.put);
  }

  override async onMutate(): Promise<void> {
    await this.#once(this.ways.onMutate);
  }
}

const asked: Record<string, Work> = {
  'a select': (db) => db.select().from(logs),
  'raw SQL': (db) => db.execute(sql`insert into logs (level, message) values ('info', 'asked')`),
  'an insert': (db) => db.insert(logs).values(log('asked')),
  'many inserts': (db) => Promise.all(times(30, () => db.insert(logs).values(log('asked')))),
  'a count': (db) => db.$count(logs),
};

/** Programs that drizzle can run, too. */
const programs: Record<string, Work> = {
  'an awaited insert': async (db) => {
    await db.insert(organizations).values({ name: 'a' });
  },
  'inserts that are awaited together': async (db) => {
    await Promise.all(times(30, () => db.insert(organizations).values({ name: 'a' })));
  },
  'an insert and an update': async (db) => {
    await Promise.all([
      db.insert(organizations).values({ name: 'a' }),
      db.update(organizations).set({ name: 'b' }),
    ]);
  },
  'an update': async (db) => {
    await db.update(organizations).set({ name: 'b' });
  },
  'a cached select': async (db) => {
    await db.select().from(organizations).$withCache();
  },
};

const places: Record<string, (db: PostgresJsDatabase, work: Work) => Promise<unknown>> = {
  'on the database': (db, work) => current.run(db, async () => work(db)),
  'in a transaction': (db, work) => db.transaction((tx) => current.run(tx, async () => work(tx))),
  'in a nested transaction': (db, work) =>
    db.transaction((tx) => tx.transaction((nested) => current.run(nested, async () => work(nested)))),
};

const makers: readonly ((client: Client, config: DrizzleConfig) => PostgresJsDatabase)[] = [
  drizzle,
  batchedDrizzle,
];

const rowsOf = async () => [await check.$count(organizations), await check.$count(logs)];

describe("drizzle's cache may await", () => {
  const ways = ['get', 'put', 'onMutate'] as const;
  const cases = ways.flatMap((way) =>
    Object.keys(asked).flatMap((what) => Object.keys(places).map((place) => ({ way, what, place }))),
  );

  test.each(cases)('$what in $way, $place, as in drizzle', async ({ way, what, place }) => {
    const sides = makers.map((make) => ({ make, client: database.client({ max: 1 }) }));
    for (const [name, program] of Object.entries(programs)) {
      const rows = [];
      for (const { make, client } of sides) {
        await check.execute(emptyTables());
        const db = make(client, { cache: new Asking({ [way]: asked[what] as Work }) });
        const running = (places[place] as (typeof places)[string])(db, program);
        expect(await settling(running, name)).toMatchObject({ status: 'fulfilled' });
        rows.push(await rowsOf());
      }
      expect(rows[1], name).toEqual(rows[0]);
      expect(await openTransactions(admin)).toEqual([]);
    }
  });

  test.each(Object.keys(asked))(
    '%s of the transaction in onMutate, though its inserts are not awaited',
    async (what) => {
      for (const count of [1, 2, 40]) {
        await check.execute(emptyTables());
        const db = batchedDrizzle(database.client(), {
          cache: new Asking({ onMutate: asked[what] as Work }),
        });
        const running = db.transaction((tx) =>
          current.run(tx, async () => {
            for (let n = 0; n < count; n++) tx.insert(organizations).values({ name: 'a' });
          }),
        );
        expect(await settling(running, what)).toMatchObject({ status: 'fulfilled' });
        const asksFor = { 'raw SQL': 1, 'an insert': 1, 'many inserts': 30 }[what] ?? 0;
        expect(await rowsOf()).toEqual([count, asksFor]);
      }
    },
  );

  test('the same of a savepoint whose inserts are not awaited', async () => {
    const db = batchedDrizzle(database.client(), {
      cache: new Asking({ onMutate: asked['an insert'] as Work }),
    });
    const running = db.transaction((tx) =>
      tx.transaction((nested) =>
        current.run(nested, async () => void nested.insert(organizations).values({ name: 'a' })),
      ),
    );
    expect(await settling(running, 'a savepoint')).toMatchObject({ status: 'fulfilled' });
    expect(await rowsOf()).toEqual([1, 1]);
  });
});

describe("drizzle's cache", () => {
  test('that never settles holds up the inserts that it was told of, and nothing else of the transaction', async () => {
    const never = new Promise<never>(() => {});
    const db = batchedDrizzle(database.client(), { cache: new Asking({ onMutate: () => never }) });
    const seen = await db
      .transaction((tx) =>
        current.run(tx, async () => {
          const held = Promise.resolve(tx.insert(organizations).values({ name: 'a' })).then(() => 'settled');
          const count = await tx.$count(organizations);
          await tx.insert(logs).values(log('another'));
          throw Object.assign(new Error('enough'), { seen: [count, await Promise.race([held, 'held'])] });
        }),
      )
      .catch(({ seen }) => seen);
    expect(seen).toEqual([1, 'held']);
  });

  test('rejects its insert, though the row is written, and the transaction goes on as in drizzle', async () => {
    for (const make of makers) {
      await check.execute(emptyTables());
      const failing = new Asking({ onMutate: async () => Promise.reject(new Error('cache is down')) });
      const db = make(database.client(), { cache: failing });
      await db.transaction((tx) =>
        current.run(tx, async () => {
          const error = await rejectionOf(tx.insert(organizations).values({ name: 'a' }));
          expect((error as Error & { cause: Error }).cause.message).toBe('cache is down');
          await tx.insert(organizations).values({ name: 'b' });
        }),
      );
      expect(await check.$count(organizations)).toBe(2);
    }
  });

  test('that is done at once costs the end of a transaction no round trip', async () => {
    const { relay } = await startCounted(database);
    const client = database.client({ url: relay.url, max: 1 });
    const db = batchedDrizzle(client, { cache: new Asking({}) });
    await db.execute(sql`select 1`);
    relay.reset();
    await db.transaction(async (tx) => {
      tx.insert(organizations).values([{ name: 'a' }]);
      tx.insert(organizations).values([{ name: 'b' }]);
    });
    expect(relay.trips).toBe(1);
  });

  test('is done when flush() and the transaction resolve', async () => {
    let isDone = false;
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      isDone = true;
    };
    const db = batchedDrizzle(database.client(), { cache: new Asking({ onMutate: slow }) });
    await current.run(db, async () => {
      db.insert(organizations).values({ name: 'a' });
      await db.flush();
    });
    expect(isDone).toBe(true);
    isDone = false;
    const other = batchedDrizzle(database.client(), { cache: new Asking({ onMutate: slow }) });
    await other.transaction((tx) =>
      current.run(tx, async () => void tx.insert(organizations).values({ name: 'b' })),
    );
    expect(isDone).toBe(true);
  });
});

describe("drizzle's logger may start", () => {
  const works: Record<string, Work> = {
    'a statement': (db) => db.execute(sql`insert into logs (level, message) values ('info', 'asked')`),
    'an insert': (db) => db.insert(logs).values(log('asked')),
    'a select': (db) => db.select().from(logs),
  };
  const cases = Object.keys(works).flatMap((what) => Object.keys(places).map((place) => ({ what, place })));

  test.each(cases)('$what, $place, as in drizzle', async ({ what, place }) => {
    const unawaited: Work = async (db) => void db.insert(organizations).values({ name: 'a' });
    const all: [string, Work][] = Object.entries(programs);
    if (place !== 'on the database') all.push(['an insert that is not awaited', unawaited]);
    const sides = makers.map((make) => ({ make, client: database.client({ max: 1 }) }));
    for (const [name, program] of all) {
      const rows = [];
      for (const { make, client } of program === unawaited ? sides.slice(1) : sides) {
        await check.execute(emptyTables());
        // A logger that sees BEGIN must not find the transaction before.
        current.db = undefined;
        const started: PromiseLike<unknown>[] = [];
        const logger = {
          logQuery() {
            const db = current.db;
            if (!db || started.length > 0) return;
            started.push(Promise.resolve());
            started.push((works[what] as Work)(db).then(() => {}));
          },
        };
        const db = make(client, { logger });
        const running = (places[place] as (typeof places)[string])(db, program);
        expect(await settling(running, name)).toMatchObject({ status: 'fulfilled' });
        expect(await settling(Promise.all(started), name)).toMatchObject({ status: 'fulfilled' });
        rows.push(await rowsOf());
      }
      if (program === unawaited) expect(rows).toEqual([[1, what === 'a select' ? 0 : 1]]);
      else expect(rows[1], name).toEqual(rows[0]);
      expect(await openTransactions(admin)).toEqual([]);
    }
  });
});
