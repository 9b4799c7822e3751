import { eq, is, sql } from 'drizzle-orm';
import { drizzle, NodePgDatabase, NodePgTransaction } from 'drizzle-orm/node-postgres';
import type { Pool } from 'pg';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchedDatabase, type BatchOptions, batchedDrizzle } from '../../src/node-postgres.ts';
import { emptyTables } from '../support/counted.ts';
import { pgVersions } from '../support/pg-versions.ts';
import type { Relay } from '../support/relay.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const pools: Pool[] = [];

function poolOf(module: typeof pg, url = database.url, max = 4): Pool {
  const pool = new module.Pool({ connectionString: url, max, idleTimeoutMillis: 100 });
  pools.push(pool);
  return pool;
}

beforeEach(async () => {
  await drizzle(poolOf(pg)).execute(emptyTables());
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

describe('the arguments are those of drizzle on node-postgres', () => {
  test.each<[string, () => BatchedDatabase & { $client: Pool }]>([
    ['a URL', () => batchedDrizzle(database.url)],
    ['a URL and a config', () => batchedDrizzle(database.url, { batch: { maxRows: 5 } })],
    ['a pool', () => batchedDrizzle(new pg.Pool({ connectionString: database.url }))],
    ['{ client }', () => batchedDrizzle({ client: new pg.Pool({ connectionString: database.url }) })],
    ['{ connection } with a URL', () => batchedDrizzle({ connection: database.url, batch: {} })],
    ['{ connection } with options', () => batchedDrizzle({ connection: { connectionString: database.url } })],
  ])('%s', async (_, make) => {
    const db = make();
    expect(db).toBeInstanceOf(BatchedDatabase);
    expect(db).toBeInstanceOf(NodePgDatabase);
    expect(is(db, NodePgDatabase)).toBe(true);
    expect(await db.insert(users).values({ name: 'Ada' }).returning()).toEqual([{ id: 1, name: 'Ada' }]);
    await db.transaction(async (tx) => expect(is(tx, NodePgTransaction)).toBe(true));
    await db.$client.end();
  });

  test('the mock sends nothing', () => {
    expect(batchedDrizzle.mock().insert(users).values({ name: 'Ada' }).toSQL().sql).toBe(
      'insert into "users" ("id", "name") values (default, $1)',
    );
  });

  test('an unknown option is refused', () => {
    expect(() => batchedDrizzle(database.url, { batch: { rows: 1 } as BatchOptions })).toThrow(
      'batch.rows: unknown option',
    );
  });
});

test('a client of pg-native is refused, since it has no pipeline', () => {
  const NativeClient = Object.assign(function NativeClient() {}, { Query: class NativeQuery {} });
  const client = Object.create(NativeClient.prototype);
  expect(() => batchedDrizzle(client)).toThrow('pg-native has no pipeline');
});

describe('an object that only looks like a client', () => {
  const answer = { rows: [], rowCount: 1, command: 'INSERT' };

  test.each<[string, (query: () => Promise<unknown>) => object]>([
    ['with query() alone', (query) => ({ query })],
    [
      'of the class of a pool',
      (query) => Object.assign(Object.create(pg.Pool.prototype), { query, connect: async () => ({ query }) }),
    ],
  ])('%s gets each insert of the database, and no transaction', async (_, make) => {
    const query = vi.fn(async (_config: { text: string }, _values: unknown[]) => answer);
    const db = batchedDrizzle(make(query as never) as Pool);
    await db.insert(users).values({ name: 'Ada' });
    await Promise.all(['Bob', 'Cy'].map((name) => db.insert(users).values({ name })));
    expect(query.mock.calls.map(([{ text }, values]) => [text, values])).toEqual(
      ['Ada', 'Bob', 'Cy'].map((name) => ['insert into "users" ("id", "name") values (default, $1)', [name]]),
    );
    await expect(db.transaction(async () => {})).rejects.toMatchObject({ code: 'UNSUPPORTED_CLIENT' });
  });
});

describe.each(pgVersions)('on pg %s', (_, module) => {
  let relay: Relay;

  async function counted(batch: BatchOptions = {}): Promise<BatchedDatabase> {
    relay = await database.relay({ delay: 5 });
    return batchedDrizzle(poolOf(module, relay.url), { batch });
  }

  async function trips(work: () => Promise<unknown>): Promise<number> {
    relay.reset();
    await work();
    return relay.trips;
  }

  const graph = (db: BatchedDatabase, name: string) =>
    db.transaction(async (tx) => {
      for (let user = 0; user < 100; user++) {
        const parent = tx.insert(users).values({ name: `${name} ${user}` });
        for (const each of [1, 2])
          tx.insert(addresses).values({ email: `${name} ${user} ${each}`, userId: parent.ref('id') });
      }
    });

  test('a graph of 300 rows is one round trip, also on a connection that is new', async () => {
    const db = await counted();
    await graph(db, 'first');
    expect(await trips(() => graph(db, 'second'))).toBe(1);
    // The facts belong to the client, and a pool of its own has no connection yet.
    const { $client } = db as unknown as { $client: Pool };
    await expect.poll(() => $client.totalCount).toBe(0);
    expect(await trips(() => graph(db, 'third'))).toBe(1);
    const { rows } = await db.execute(
      sql`select count(*)::int as n from addresses a join users u on u.id = a.user_id where a.email like u.name || ' %'`,
    );
    expect(rows).toEqual([{ n: 600 }]);
  });

  test('50 statements that are executed together in a transaction are one round trip, and COMMIT another', async () => {
    const db = await counted();
    await db.insert(users).values({ name: 'Ada' });
    const select = (tx: BatchedDatabase, id: number) => tx.select().from(users).where(eq(users.id, id));
    const together = () =>
      db.transaction(async (tx) => {
        const found = await Promise.all(Array.from({ length: 50 }, (_, id) => select(tx as never, id)));
        expect(found.map(({ length }) => length)).toEqual(found.map((_, id) => (id === 1 ? 1 : 0)));
      });
    expect(await trips(together)).toBe(2);
  });

  test('five awaited statements are five round trips, since BEGIN travels with the first', async () => {
    const db = await counted();
    const transfer = () =>
      db.transaction(async (tx) => {
        await tx.select().from(users);
        await tx.insert(users).values({ name: 'Ada' });
        await tx.update(users).set({ name: 'Bob' });
        await tx.execute(sql`select 1`);
        await tx.select().from(users);
      });
    expect(await trips(transfer)).toBe(6);
  });

  test('inserts of the same text, one behind the other, are parsed once', async () => {
    const client = await poolOf(module).connect();
    const db = batchedDrizzle(client);
    // Old versions of pg are asked first whether a transaction is open.
    await db.transaction((tx) => tx.select().from(users));
    const { connection } = client as unknown as { connection: { parse(message: { text: string }): void } };
    const parse = vi.spyOn(connection, 'parse');
    const parsed = () => parse.mock.calls.map(([{ text }]) => text.split(' ').slice(0, 3).join(' '));
    try {
      await db.transaction(async (tx) => {
        const user = tx.insert(users).values({ name: 'Ada' });
        for (const email of ['a', 'b', 'c']) tx.insert(addresses).values({ email, userId: user.ref('id') });
        tx.insert(users).values({ name: 'Bob' });
        // Expressions of the caller's are planned each time.
        for (const _ of [1, 2]) tx.insert(logs).values({ level: sql`'info'`, message: 'text' });
      });
      const into = (table: string) => `insert into "${table}"`;
      expect(parsed()).toEqual([
        'begin',
        ...['users', 'addresses', 'users', 'logs', 'logs'].map(into),
        'commit',
      ]);
      const rows = await db.select({ email: addresses.email, userId: addresses.userId }).from(addresses);
      expect(rows).toEqual(['a', 'b', 'c'].map((email) => ({ email, userId: 1 })));
      expect(await db.$count(logs)).toBe(2);
    } finally {
      client.release();
    }
  });

  test('of the same text behind one that the server refuses to parse, each is refused', async () => {
    const db = await counted();
    await db.execute(sql`alter table logs rename to other_logs`);
    try {
      let inserts: Promise<PromiseSettledResult<unknown>[]> = Promise.resolve([]);
      const written = db.transaction(async (tx) => {
        const insert = (message: string) => tx.insert(logs).values({ level: 'info', message });
        inserts = Promise.allSettled(['a', 'b', 'c'].map(insert));
      });
      const [ended] = await Promise.allSettled([written]);
      const codes = [ended, ...(await inserts)].map((each) =>
        each.status === 'rejected' ? (each.reason.cause ?? each.reason).code : 'written',
      );
      expect(codes).toEqual(['42P01', '42P01', '25P02', '25P02']);
    } finally {
      await db.execute(sql`alter table other_logs rename to logs`);
    }
  });

  test('a COMMIT that leaves by itself is one message, as that of pg', async () => {
    const client = await poolOf(module).connect();
    const db = batchedDrizzle(client);
    const read = () => db.transaction((tx) => tx.select().from(users));
    await read();
    const { connection } = client as unknown as {
      connection: Record<'parse' | 'query', (given: unknown) => void>;
    };
    const [parse, query] = [vi.spyOn(connection, 'parse'), vi.spyOn(connection, 'query')];
    try {
      await read();
      expect(parse.mock.calls.map(([given]) => (given as { text: string }).text)).toEqual([
        'begin',
        expect.stringMatching(/^select /),
      ]);
      expect(query.mock.calls).toEqual([['commit']]);
    } finally {
      client.release();
    }
  });

  test('COPY travels with its data where no key has to be known', async () => {
    const db = await counted({ copyRows: 20 });
    const copy = () =>
      db.transaction(async (tx) => {
        for (let row = 0; row < 30; row++) tx.insert(logs).values({ level: 'info', message: `row ${row}` });
      });
    await copy();
    expect(await trips(copy)).toBe(1);
    expect(await db.$count(logs)).toBe(60);
    expect(relay.statements.some((text) => text.startsWith('copy '))).toBe(true);
  });

  test('many inserts of one turn on the database are one round trip, and each fails by itself', async () => {
    const db = await counted();
    const insert = () =>
      Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          db
            .insert(users)
            .values({ name: index % 7 === 3 ? 'taken' : `free ${index}` })
            .returning(),
        ),
      );
    await db.insert(users).values({ name: 'taken' });
    const settled = await insert();
    expect(settled.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([
      3, 10, 17,
    ]);
    expect(await db.$count(users)).toBe(18);
  });

  describe('few inserts that are awaited together on the database', () => {
    const insert = (db: BatchedDatabase, ...given: string[]) =>
      Promise.allSettled(given.map((name) => db.insert(users).values({ name })));
    const isWritten = (settled: PromiseSettledResult<unknown>[]) =>
      settled.map(({ status }) => status === 'fulfilled');

    test('are one round trip where the table is known', async () => {
      const db = await counted();
      await insert(db, 'Ada', 'Bob', 'Cyd');
      expect(await trips(() => insert(db, 'Dan', 'Eve', 'Fay'))).toBe(1);
      expect(await db.$count(users)).toBe(6);
    });

    test('are one round trip also if one is refused, and four are two', async () => {
      const db = await counted();
      const refused = async (...others: string[]) =>
        expect(isWritten(await insert(db, 'Ada', ...others))).toEqual([false, ...others.map(() => true)]);
      await insert(db, 'Ada', 'Bob');
      expect(await trips(() => refused('Cyd'))).toBe(1);
      expect(await trips(() => refused('Dan', 'Eve'))).toBe(1);
      expect(await trips(() => refused('Fay', 'Gus', 'Hal'))).toBe(2);
    });

    test('do not wait for one that has to wait for a lock', async () => {
      const db = await counted();
      const holder = await poolOf(module).connect();
      await holder.query(`begin; insert into users (name) values ('held')`);
      let isHeld = true;
      const held = db
        .insert(users)
        .values({ name: 'held' })
        .then(() => expect(isHeld).toBe(false));
      const others = await insert(db, 'Ada', 'Bob');
      expect(isWritten(others)).toEqual([true, true]);
      expect(await db.$count(users)).toBe(2);
      isHeld = false;
      await holder.query('rollback');
      await held;
      holder.release();
    });
  });

  test('what follows a refused statement fares as in plain drizzle', async () => {
    const run = (db: NodePgDatabase) =>
      db
        .transaction(async (tx) => {
          await tx.execute(sql`savepoint a`);
          const settled = await Promise.allSettled([
            tx.insert(users).values({ name: 'before' }),
            tx.select().from(users).where(sql`1 / ${0} > 0`),
            tx.select().from(users).where(eq(users.id, 5)),
            tx.execute(sql`not sql`),
            tx.execute(sql`rollback to a`),
            tx.select({ name: users.name }).from(users),
          ]);
          return settled.map((each) =>
            each.status === 'rejected' ? (each.reason.cause as { code: string }).code : 'done',
          );
        })
        .catch((error) => error.cause.code);
    const seen = await run(drizzle(poolOf(module)));
    expect(seen).toEqual(['done', '22012', '25P02', '42601', 'done', 'done']);
    const db: NodePgDatabase = await counted();
    expect(await run(db)).toEqual(seen);
  });

  test('BEGIN, COMMIT and savepoints are logged as in plain drizzle', async () => {
    const logged = async (make: (pool: Pool, config: object) => NodePgDatabase) => {
      const texts: string[] = [];
      const db = make(poolOf(module), { logger: { logQuery: (text: string) => void texts.push(text) } });
      await db.transaction(
        async (tx) => {
          await tx.insert(users).values({});
          await tx.transaction(async (inner) => {
            await inner.select().from(users);
          });
          await tx
            .transaction(async () => {
              throw new Error('back');
            })
            .catch(() => {});
        },
        { isolationLevel: 'serializable' },
      );
      await db.transaction(async () => Promise.reject(new Error('no'))).catch(() => {});
      return texts.filter((text) => !text.startsWith('insert'));
    };
    expect(await logged(batchedDrizzle as never)).toEqual(await logged(drizzle as never));
  });

  test('errors of BEGIN and COMMIT are those of statements, as in plain drizzle', async () => {
    const errors = async (db: NodePgDatabase) => {
      const begin = await db
        .transaction(async () => 'never', { isolationLevel: 'nonsense' as never })
        .catch((error) => error);
      return { class: begin.constructor.name, query: begin.query, code: begin.cause.code };
    };
    const plainPool = poolOf(module);
    // Plain drizzle never gives its client back.
    plainPool.on('acquire', (client) => setTimeout(() => client.release(), 100));
    const plain = await errors(drizzle(plainPool));
    expect(plain).toEqual({
      class: 'DrizzleQueryError',
      query: 'begin isolation level nonsense',
      code: '42601',
    });
    const pool = poolOf(module, database.url, 1);
    const db = batchedDrizzle(pool);
    expect(await errors(db)).toEqual(plain);
    expect(pool.idleCount).toBe(1);
  });

  describe('a pool with a method of the program’s own', () => {
    const whoIs = sql<string>`current_setting('application_name')`;

    test('in the place of connect() gives a transaction what it gives to those who await it', async () => {
      const seen = [drizzle, batchedDrizzle].map(async (make) => {
        const pool = poolOf(module);
        const connect = pool.connect.bind(pool) as (done?: unknown) => Promise<pg.PoolClient>;
        const ownConnect = async (done?: unknown) => {
          if (done) return connect(done);
          const client = await connect();
          await client.query(`set application_name = 'tenant'`);
          return client;
        };
        pool.connect = ownConnect as never;
        const db = make(pool) as NodePgDatabase;
        return db.transaction(async (tx) => {
          const [user] = await tx.insert(users).values({ name: whoIs }).returning();
          await tx.delete(users);
          return user?.name;
        });
      });
      expect(await seen[0]).toBe('tenant');
      expect(await seen[1]).toBe('tenant');
    });

    test('in the place of query() is called for each insert of the database', async () => {
      const pool = poolOf(module);
      const query = vi.spyOn(pool, 'query');
      const db = batchedDrizzle(pool);
      await db.insert(users).values({ name: 'Ada' });
      const both = await Promise.all(
        ['Bob', 'Cy'].map((name) => db.insert(users).values({ name }).returning()),
      );
      expect(both.flat().map(({ name }) => name)).toEqual(['Bob', 'Cy']);
      expect(query).toHaveBeenCalledTimes(3);
      await expect(db.insert(users).values({ name: 'Ada' })).rejects.toMatchObject({
        cause: { code: '23505' },
      });
    });

    test('in a subclass gives an insert what query() does there for each statement', async () => {
      class TenantPool extends module.Pool {
        override async query(...given: never) {
          const client = await this.connect();
          await client.query(`set application_name = 'tenant'`);
          return client.query(...(given as [string])).finally(() => client.release());
        }
      }
      for (const make of [drizzle, batchedDrizzle]) {
        const db = make(poolOf({ ...module, Pool: TenantPool as never })) as NodePgDatabase;
        const inserted = await db.insert(users).values({ name: whoIs }).returning();
        expect(inserted).toMatchObject([{ name: 'tenant' }]);
        await db.delete(users);
      }
    });

    test.each(['function', 'method'])(
      'that a tracer has put in the class itself, a %s, hears of each insert',
      async (kind) => {
        // pg's pool is a subclass of pg-pool's.
        const base = Object.getPrototypeOf(module.Pool.prototype);
        const { query } = base;
        const heard = vi.fn();
        const tracers: Record<string, (this: pg.Pool, ...given: never[]) => unknown> = {
          function(...given) {
            heard();
            return Reflect.apply(query, this, given);
          },
          method: {
            query(this: pg.Pool, ...given: never[]) {
              heard();
              return Reflect.apply(query, this, given);
            },
          }.query,
        };
        base.query = tracers[kind];
        try {
          const db = batchedDrizzle(poolOf(module));
          await Promise.all(['Ada', 'Bob'].map((name) => db.insert(users).values({ name })));
        } finally {
          base.query = query;
        }
        expect(heard).toHaveBeenCalledTimes(2);
      },
    );

    test('is not the pool’s own, whose inserts share a round trip', async () => {
      const counted = await database.relay({ delay: 5 });
      const db = batchedDrizzle(poolOf(module, counted.url));
      const insert = (...names: string[]) =>
        Promise.all(names.map((name) => db.insert(users).values({ name })));
      await insert('Ada', 'Bob');
      counted.reset();
      await insert('Cyd', 'Dee');
      expect(counted.trips).toBe(1);
    });
  });
});

test.each([1, 40])(
  'a value whose toPostgres gives null is NULL, as in plain drizzle: %i inserts',
  async (length) => {
    const run = async (db: NodePgDatabase) => {
      await db.execute(emptyTables());
      await db.transaction((tx) =>
        Promise.all(
          Array.from({ length }, (_, index) =>
            tx
              .insert(users)
              .values({ name: (index % 2 ? `u${index}` : { toPostgres: () => null }) as never }),
          ),
        ),
      );
      return db.select().from(users).orderBy(users.id);
    };
    const seen = await run(drizzle(poolOf(pg)));
    expect(seen).toHaveLength(length);
    expect(await run(batchedDrizzle(poolOf(pg)))).toEqual(seen);
  },
);

test('a value that pg refuses fails no nested transaction that swallows that, as in plain drizzle', async () => {
  const run = async (db: NodePgDatabase) => {
    const unsendable = {
      toPostgres() {
        throw new RangeError('no text');
      },
    };
    await db.execute(emptyTables());
    const status = await db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'before' });
      return tx.transaction(async (inner) => {
        const [refused] = await Promise.allSettled([
          inner.insert(users).values({ name: unsendable as never }),
        ]);
        await inner.insert(users).values({ name: 'behind' });
        return refused?.status;
      });
    });
    return [status, await db.select({ name: users.name }).from(users).orderBy(users.id)];
  };
  const seen = await run(drizzle(poolOf(pg)));
  expect(seen).toEqual(['rejected', [{ name: 'before' }, { name: 'behind' }]]);
  expect(await run(batchedDrizzle(poolOf(pg)))).toEqual(seen);
});
