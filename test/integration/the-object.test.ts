import { eq, is, sql } from 'drizzle-orm';
import { PgDatabase, PgInsertBase, PgInsertBuilder, PgTransaction } from 'drizzle-orm/pg-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { emptyTables } from '../support/counted.ts';
import {
  BatchedDatabase,
  BatchedTransaction,
  batchedDrizzle,
  countOf,
  describeResult,
  driver,
  drizzle,
  rowsOf,
} from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import * as schema from '../support/schema.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());

beforeEach(() => check.execute(emptyTables()));

function log(message: string): { level: string; message: string } {
  return { level: 'info', message };
}

describe('batchedDrizzle() takes every form of argument that drizzle() takes', () => {
  const own: Client[] = [];
  const keep = (...args: unknown[]): Made => {
    const made = form(...args);
    own.push(made.$client);
    return made;
  };
  afterEach(async () => {
    await Promise.all(own.splice(0).map((client) => driver.end(client)));
  });
  const batch = { maxRows: 5 };

  type Made = ReturnType<typeof batchedDrizzle>;
  /** In forms that `TestDriver` does not have. */
  const form = batchedDrizzle as unknown as (...args: unknown[]) => Made;
  const forms: [name: string, make: () => Made][] = [
    ['a url', () => keep(database.url)],
    ['a url and a config', () => keep(database.url, { schema, batch })],
    ['a client', () => batchedDrizzle(database.client())],
    ['a client and a config', () => form(database.client(), { schema, batch })],
    ['{ connection: url }', () => keep({ connection: database.url })],
    ['{ connection: url, … }', () => keep({ connection: database.url, schema, batch })],
    ['{ connection: { url } }', () => keep({ connection: driver.connectionOf(database.url), batch })],
    [
      '{ connection: { host, … } }',
      () => {
        const { hostname, port, username, password, pathname } = new URL(database.url);
        const connection = {
          host: hostname,
          port: Number(port),
          user: username,
          password,
          database: pathname.slice(1),
        };
        return keep({ connection, schema, batch });
      },
    ],
    ['{ client }', () => form({ client: database.client() })],
    ['{ client, … }', () => form({ client: database.client(), schema, batch })],
  ];

  test.each(forms)('%s', async (name, make) => {
    const db = make();
    expect(db).toBeInstanceOf(BatchedDatabase);
    const [user] = await db.insert(users).values({ name }).returning();
    expect(await check.select().from(users)).toEqual([user]);
    expect('users' in db.query).toBe(name.includes('…') || name.includes('config'));
    expect(driver.hostOf(db.$client)).toBe(new URL(database.url).hostname);
  });

  test.each(forms.filter(([name]) => /…|config|\{ url \}/.test(name)))(
    '%s, with `batch` in it',
    async (_, make) => {
      const db = make();
      for (let number = 0; number < 7; number++) db.insert(logs).values(log(`${number}`));
      await expect.poll(() => check.$count(logs)).toBeGreaterThanOrEqual(5);
      await db.flush();
      expect(await check.$count(logs)).toBe(7);
    },
  );

  test('without a `batch` that names what it cannot do', () => {
    const wrong = (given: object): Error | undefined => {
      try {
        batchedDrizzle(database.client(), { batch: given });
        return undefined;
      } catch (error) {
        return error as Error;
      }
    };
    expect(wrong({ maxRows: 0 })?.message).toBe('batch.maxRows: got 0; allowed: a whole number from 1');
    expect(wrong({ nonsense: 1 })?.message).toBe(
      'batch.nonsense: unknown option; allowed: maxRows, maxBytes, copyRows, keys, parameters, statements, awaits, trace',
    );
  });

  test("leaves the caller's config as it is", () => {
    const config = Object.freeze({ schema, batch: Object.freeze({ maxRows: 5 }) });
    batchedDrizzle(database.client(), config);
    expect(config).toEqual({ schema, batch: { maxRows: 5 } });
  });
});

describe('the object', () => {
  test('is a PostgresJsDatabase, by instanceof and by is(), with $client', async () => {
    const client = database.client();
    const db = batchedDrizzle(client);
    for (const type of [driver.Database, PgDatabase]) {
      expect(db).toBeInstanceOf(type);
      expect(is(db, type as typeof PgDatabase)).toBe(true);
    }
    expect(db.$client).toBe(client);
  });

  test('hands transaction() a BatchedTransaction, which is a PostgresJsTransaction', async () => {
    await batchedDrizzle(database.client()).transaction(async (tx) => {
      expect(tx).toBeInstanceOf(BatchedTransaction);
      for (const type of [driver.Transaction, PgTransaction, PgDatabase]) {
        expect(tx).toBeInstanceOf(type);
        expect(is(tx, type as typeof PgDatabase)).toBe(true);
      }
      await tx.transaction(async (nested) => expect(nested).toBeInstanceOf(BatchedTransaction));
    });
  });

  test('begins an insert with a PgInsertBuilder, and values() gives a PgInsertBase', () => {
    const db = batchedDrizzle.mock();
    expect(is(db.insert(users), PgInsertBuilder)).toBe(true);
    expect(is(db.insert(users).values({ name: 'a' }), PgInsertBase)).toBe(true);
  });

  test('is what batchedDrizzle.mock() gives, which sends nothing', () => {
    const db = batchedDrizzle.mock({ schema, casing: 'snake_case' });
    expect(db).toBeInstanceOf(BatchedDatabase);
    const plain = drizzle.mock({ schema, casing: 'snake_case' });
    const describeInserts = (each: typeof plain | typeof db) => [
      each.insert(users).values({ name: 'a' }).returning().toSQL(),
      each.select().from(users).where(eq(users.id, 1)).toSQL(),
      each.query.users.findMany({ with: { addresses: true } }).toSQL(),
    ];
    expect(describeInserts(db)).toEqual(describeInserts(plain));
    expect(db.pending).toBe(0);
  });

  test('schedules nothing when it is made, nor when an insert is begun', () => {
    const alive = () => [
      process.getActiveResourcesInfo().toSorted(),
      process.eventNames().map((event) => [event, process.listenerCount(event)]),
    ];
    const client = database.client();
    const before = alive();
    const db = batchedDrizzle(client, { schema });
    db.insert(users);
    expect(alive()).toEqual(before);
    db.insert(users).values({ name: 'a' }).toSQL();
    // Queued inserts may add a listener for the warning at the end of the process, but no other resource.
    expect(alive()[0]).toEqual(before[0]);
  });

  test('does not inspect the table by insert(t) alone', () => {
    const touched = (): never => {
      throw new Error('the table was inspected');
    };
    const table = new Proxy({}, { get: touched, has: touched, ownKeys: touched, getPrototypeOf: touched });
    const db = batchedDrizzle.mock();
    expect(() => db.insert(table as never)).not.toThrow();
    expect(() => db.insert(table as never).values({})).toThrow('the table was inspected');
  });

  test('is made of a mock client, and takes spies', async () => {
    const client = driver.mockClient();
    const db = batchedDrizzle(client);
    expect(db.$client).toBe(client);
    const values = vi.fn(() => Promise.resolve(['spied']));
    vi.spyOn(db, 'insert').mockReturnValue({ values } as never);
    expect(await db.insert(users).values({ name: 'a' })).toEqual(['spied']);
    expect(values).toHaveBeenCalledWith({ name: 'a' });
    expect(db.pending).toBe(0);
  });

  test('queries nothing when it is made, nor when an insert is begun', async () => {
    const relay = await database.relay();
    const client = database.client({ url: relay.url });
    const db = batchedDrizzle(client, { schema });
    const builder = db.insert(users);
    db.select().from(users);
    db.query.users.findMany();
    builder.values({ name: 'a' }).toSQL();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(relay.statements).toEqual([]);
    expect(relay.trips).toBe(0);
  });

  test("has what drizzle's own tools expect there: dialect, session, _, query, $cache", async () => {
    const db = batchedDrizzle(database.client(), { schema });
    const plain = drizzle(database.client(), { schema });
    const insides = (each: object) => each as unknown as Record<string, object>;
    expect(
      Object.keys(insides(db))
        .filter((key) => key !== 'unit')
        .toSorted(),
    ).toEqual(Object.keys(insides(plain)).toSorted());
    expect(insides(db).dialect?.constructor).toBe(insides(plain).dialect?.constructor);
    expect(insides(db)._).toMatchObject({ schema: db._.schema, fullSchema: schema });
    expect(Object.keys(db.query)).toEqual(Object.keys(plain.query));
    expect(db._.schema).toEqual(plain._.schema);
  });

  test('answers relational queries', async () => {
    const db = batchedDrizzle(database.client(), { schema });
    const user = db.insert(users).values({ name: 'a' });
    db.insert(addresses).values([
      { email: 'x', userId: user.ref('id') },
      { email: 'y', userId: user.ref('id') },
    ]);
    await db.flush();
    const found = await db.query.users.findMany({ with: { addresses: { columns: { email: true } } } });
    expect(found).toMatchObject([{ name: 'a', addresses: [{ email: 'x' }, { email: 'y' }] }]);
  });
});

describe('wrapped in new Proxy(…), needing no #private field of its receiver,', () => {
  /** Wraps like tracers and multi-tenant helpers: methods are called on the proxy, not on the target. */
  function proxied<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get(wrapped, property, receiver) {
        const value = Reflect.get(wrapped, property, receiver);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const made = Reflect.apply(value, receiver, args);
          return made instanceof Promise || typeof made !== 'object' || made === null ? made : proxied(made);
        };
      },
    });
  }

  test('a database works', async () => {
    const db = proxied(batchedDrizzle(database.client(), { schema }));
    const [user] = await db.insert(users).values({ name: 'a' }).returning();
    expect(user?.name).toBe('a');
    const parent = db.insert(users).values({ name: 'b' });
    db.insert(addresses).values({ email: 'x', userId: parent.ref('id') });
    expect(db.pending).toBe(2);
    expect(await db.flush()).toMatchObject({ rows: 2 });
    expect(await db.query.users.findMany()).toHaveLength(2);
    expect(await db.$count(users)).toBe(2);
    expect(db.insert(users).values({ name: 'c' }).onConflictDoNothing().toSQL().sql).toContain(
      'on conflict do nothing',
    );
  });

  test('a transaction works', async () => {
    const db = batchedDrizzle(database.client());
    await db.transaction(async (raw) => {
      const tx = proxied(raw);
      const parent = tx.insert(users).values({ name: 'a' });
      tx.insert(addresses).values({ email: 'x', userId: parent.ref('id') });
      expect(tx.pending).toBe(2);
      await tx.flush();
      await tx.transaction(async (nested) => {
        proxied(nested).insert(users).values({ name: 'b' });
      });
      expect(await tx.$count(users)).toBe(2);
    });
    expect(await check.$count(users)).toBe(2);
  });

  test('an insert builder and an insert work', async () => {
    const db = proxied(batchedDrizzle(database.client()));
    const user = proxied(db.insert(users).values([{ name: 'a' }, { name: 'b' }]));
    const address = proxied(db.insert(addresses).overridingSystemValue())
      .values({ id: 7, email: 'x', userId: user.ref('id', 1) } as never)
      .onConflictDoUpdate({ target: addresses.id, set: { email: 'y' } })
      .returning();
    const [row] = await address;
    expect(row).toMatchObject({ id: 7, email: 'x' });
    expect(
      await check
        .select()
        .from(users)
        .where(eq(users.id, row?.userId ?? 0)),
    ).toMatchObject([{ name: 'b' }]);
    const prepared = proxied(db.insert(users).values({ name: 'c' }))
      .returning()
      .prepare('proxied');
    expect(await prepared.execute()).toMatchObject([{ name: 'c' }]);
    expect(countOf(await db.execute(proxied(db.insert(users).values({ name: 'd' }))))).toBe(1);
    await expect(
      db
        .insert(users)
        .values({ name: 'd' })
        .catch(() => 'caught'),
    ).resolves.toBe('caught');
    {
      await using disposed = db;
      disposed.insert(users).values({ name: 'e' });
    }
    expect(await check.$count(users)).toBe(5);
  });

  test('a plain one, without traps, works', async () => {
    const db = new Proxy(batchedDrizzle(database.client()), {});
    await db.transaction(async (raw) => {
      const tx = new Proxy(raw, {});
      await new Proxy(tx.insert(users).values({ name: 'a' }), {});
      expect(tx.pending).toBe(0);
    });
    expect(await check.$count(users)).toBe(1);
  });
});

test('execute() answers as in drizzle, on the database and in a transaction', async () => {
  const db = batchedDrizzle(database.client());
  const query = sql`select ${1}::int as one, ${'x'} as text`;
  const plain = await check.execute(query);
  const answers = [await db.execute(query), await db.transaction((tx) => tx.execute(query))];
  for (const answer of answers) {
    expect([...rowsOf(answer)]).toEqual([...rowsOf(plain)]);
    expect(describeResult(answer)).toEqual(describeResult(plain));
  }
});
