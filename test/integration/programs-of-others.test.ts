import { DrizzleAdapter } from '@auth/drizzle-adapter';
import { generateDrizzleJson, generateMigration, pushSchema } from 'drizzle-kit/api';
import { asc, DrizzleQueryError, eq, type SQL, sql } from 'drizzle-orm';
import { withReplicas } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { seed } from 'drizzle-seed';
import type { Sql } from 'postgres';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { authTables, startUserIds } from '../support/auth-tables.ts';
import { betterAuthTables } from '../support/better-auth-tables.ts';
import { emptyTables } from '../support/counted.ts';
import { createDatabase, migrationsFolder } from '../support/database.ts';
import { batchedDrizzle, countOf, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { rejectionOf } from '../support/process-events.ts';
import * as schema from '../support/schema.ts';
import { addresses, members, organizations, teams, users } from '../support/schema.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

type SchemaDatabase = PostgresJsDatabase<typeof schema>;

const database = useDatabase();
const sides = [
  ['plain', (client: Client): SchemaDatabase => drizzle(client, { schema })],
  ['batched', (client: Client): SchemaDatabase => batchedDrizzle(client, { schema })],
] as const;

/** The result of a program on plain drizzle and on ours. */
async function onBoth<T>(
  run: (make: (client: Client) => SchemaDatabase) => Promise<T>,
): Promise<{ plain: T; batched: T }> {
  const [[, plain], [, batched]] = sides;
  return { plain: await run(plain), batched: await run(batched) };
}

describe("drizzle's migrator", () => {
  async function inNewDatabase<T>(work: (client: Client, admin: Sql) => Promise<T>): Promise<T> {
    const fresh = await createDatabase(inject('serverUrl'));
    try {
      const client = database.client({ url: fresh.url, max: 2 });
      const admin = database.connect({ url: fresh.url, max: 1 });
      return await work(client, admin).finally(() => Promise.all([driver.end(client), admin.end()]));
    } finally {
      await fresh.drop();
    }
  }

  /** Everything that a migration creates, and the migrator's own records without their dates. */
  async function readCatalog(client: Sql): Promise<unknown> {
    const own = client`select nspname from pg_namespace where nspname not like 'pg\_%' and nspname <> 'information_schema'`;
    return {
      columns: [
        ...(await client`select table_schema, table_name, column_name, data_type, column_default, is_nullable, is_identity
          from information_schema.columns where table_schema in (${own}) order by 1, 2, ordinal_position`),
      ],
      constraints: [
        ...(await client`select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
          where connamespace::regnamespace::text <> 'information_schema' and conrelid <> 0 order by 1, 2`),
      ],
      migrations: (await client`select to_regclass('drizzle.__drizzle_migrations') as records`)[0]?.records
        ? [...(await client`select id, hash, created_at from drizzle.__drizzle_migrations order by id`)]
        : undefined,
    };
  }

  test('makes the same tables, and nothing the second time', async () => {
    const { plain, batched } = await onBoth((make) =>
      inNewDatabase(async (client, admin) => {
        const db = make(client);
        await driver.migrate(db, { migrationsFolder });
        await driver.migrate(db, { migrationsFolder });
        return readCatalog(admin) as Promise<{ columns: unknown[]; migrations: unknown[] }>;
      }),
    );
    expect(batched).toEqual(plain);
    expect(plain.columns.length).toBeGreaterThan(40);
    expect(plain.migrations.length).toBeGreaterThan(0);
  });

  test('has the push of drizzle-kit beside it, which makes the same tables, and changes what differs', async () => {
    const { plain, batched } = await onBoth((make) =>
      inNewDatabase(async (client, admin) => {
        const db = make(client);
        // drizzle-kit reads `rows` of each result, as pg has it.
        const execute = db.execute.bind(db);
        db.execute = (async (query: SQL) => ({ rows: rowsOf(await execute(query)) })) as never;
        const push = async () => {
          // Its push by a database fails for a primary key of several columns, on plain drizzle too.
          const { apply, statementsToExecute, hasDataLoss, warnings } = await pushSchema(
            betterAuthTables,
            db as never,
          );
          await apply();
          return { statements: statementsToExecute, hasDataLoss, warnings };
        };
        const pushes = [await push()];
        await admin`alter table better_user add column in_the_way int`;
        await admin`drop table better_session`;
        pushes.push(await push(), await push());
        return { pushes, catalog: await readCatalog(admin) };
      }),
    );
    expect(batched).toEqual(plain);
    const [, changed, unchanged] = plain.pushes.map(({ statements }) => statements.join());
    expect(changed).toMatch(/create table "better_session"/i);
    expect(changed).toMatch(/drop column "in_the_way"/i);
    expect(unchanged).toBe('');
  });

  test('that fails rejects with the same error and leaves nothing behind', async () => {
    const { plain, batched } = await onBoth((make) =>
      inNewDatabase(async (client, admin) => {
        await admin`create table wide (in_the_way int)`;
        const error = await rejectionOf(driver.migrate(make(client), { migrationsFolder }));
        const { code } = error.cause as { code?: string };
        return { of: error.name, says: error.message, code, catalog: await readCatalog(admin) };
      }),
    );
    expect(batched).toEqual(plain);
    expect(plain.code).toBe('42P07');
  });
});

test('drizzle-seed writes the same 5,000 rows of three related tables', async () => {
  const both = sideBySide(database);
  const { plain, batched } = await both.runAndRead(
    async (db) => {
      await seed(db, { organizations, teams, members }, { seed: 7 }).refine(() => ({
        organizations: { count: 500 },
        teams: { count: 1_500 },
        members: { count: 3_000 },
      }));
    },
    organizations,
    teams,
    members,
  );
  expect(plain.rows.map((rows) => rows.length)).toEqual([500, 1_500, 3_000]);
  expect(batched).toEqual(plain);
});

describe('@auth/drizzle-adapter', () => {
  type Adapter = Required<ReturnType<typeof DrizzleAdapter>>;
  let both: SideBySide;

  beforeAll(async () => {
    const none = generateDrizzleJson({});
    for (const statement of await generateMigration(none, generateDrizzleJson(authTables)))
      await database.connect().unsafe(statement);
  });

  const at = new Date('2030-01-02T03:04:05Z');
  const newUser = (name: string) => ({ id: '', name, email: `${name}@example.com`, emailVerified: null });
  const newAccount = (userId: string) => ({
    userId,
    type: 'oidc' as const,
    provider: 'example',
    providerAccountId: `account of ${userId}`,
    access_token: 'secret',
    expires_at: 1_234,
  });

  /** Runs `work` with the adapter on both sides. Returns its results and the rows of the tables. */
  function play(work: (adapter: Adapter) => Promise<unknown>) {
    const tables = Object.values(authTables);
    const empty = sql`truncate ${sql.join(tables, sql`, `)}`;
    both = sideBySide(database, {}, empty);
    return both.runAndRead(
      async (db) => {
        startUserIds();
        return work(DrizzleAdapter(db, authTables) as Adapter);
      },
      ...tables,
    );
  }

  test('gives the same results by each of its methods', async () => {
    const methods = new Set<string>();
    const called = new Set<string>();
    const { plain, batched } = await play(async (adapter) => {
      const results: unknown[] = [];
      for (const method of Object.keys(adapter)) methods.add(method);
      const call = async <TMethod extends keyof Adapter>(
        method: TMethod,
        ...args: Parameters<Adapter[TMethod]>
      ) => {
        called.add(method);
        const run = adapter[method] as (...args: unknown[]) => Promise<unknown>;
        results.push([method, await run(...args)]);
      };
      await call('createUser', newUser('ada'));
      await call('createUser', newUser('bob'));
      await call('getUser', 'user-1');
      await call('getUserByEmail', 'bob@example.com');
      await call('updateUser', { id: 'user-1', name: 'Ada', emailVerified: at });
      await call('linkAccount', newAccount('user-1'));
      await call('linkAccount', newAccount('user-2'));
      await call('getUserByAccount', { provider: 'example', providerAccountId: 'account of user-1' });
      await call('getAccount', 'account of user-2', 'example');
      await call('createSession', { sessionToken: 's1', userId: 'user-1', expires: at });
      await call('createSession', { sessionToken: 's2', userId: 'user-2', expires: at });
      await call('getSessionAndUser', 's1');
      await call('updateSession', { sessionToken: 's1', expires: new Date(0) });
      await call('deleteSession', 's2');
      await call('createVerificationToken', { identifier: 'ada', token: 'v', expires: at });
      await call('createVerificationToken', { identifier: 'bob', token: 'v', expires: at });
      await call('useVerificationToken', { identifier: 'ada', token: 'v' });
      await call('useVerificationToken', { identifier: 'ada', token: 'v' });
      await call('createAuthenticator', {
        credentialID: 'c1',
        userId: 'user-1',
        providerAccountId: 'account of user-1',
        credentialPublicKey: 'key',
        counter: 0,
        credentialDeviceType: 'singleDevice',
        credentialBackedUp: false,
        transports: null,
      });
      await call('getAuthenticator', 'c1');
      await call('updateAuthenticatorCounter', 'c1', 7);
      await call('listAuthenticatorsByUserId', 'user-1');
      await call('unlinkAccount', { provider: 'example', providerAccountId: 'account of user-1' });
      await call('deleteUser', 'user-2');
      return results;
    });
    expect(batched).toEqual(plain);
    expect(called).toEqual(methods);
    expect(plain.rows.map((rows) => rows.length)).toEqual([1, 0, 1, 1, 1]);
  });

  test('gives the same to many who sign in at the same moment, and to one whose email is taken', async () => {
    const { plain, batched } = await play(async (adapter) => {
      const signIn = async (name: string) => {
        try {
          const user = await adapter.createUser(newUser(name));
          await adapter.linkAccount(newAccount(user.id));
          return [user, await adapter.createSession({ sessionToken: name, userId: user.id, expires: at })];
        } catch (error) {
          const { code, detail, ...fields } = (error as DrizzleQueryError).cause as unknown as Record<
            string,
            unknown
          >;
          return {
            isQueryError: error instanceof DrizzleQueryError,
            code,
            detail,
            fields: driver.errorFields.map((name) => fields[name]),
          };
        }
      };
      const names = Array.from({ length: 30 }, (_, index) => `user${index}`);
      return Promise.all([...names, 'user3'].map(signIn));
    });
    expect(batched).toEqual(plain);
    expect((plain.result as unknown[]).at(-1)).toMatchObject({ isQueryError: true, code: '23505' });
  });
});

describe("drizzle's withReplicas", () => {
  const replica = useDatabase();

  test('writes to the primary and reads from the replica, as on drizzle', async () => {
    const check = [drizzle(database.client()), drizzle(replica.client())];
    const { plain, batched } = await onBoth(async (make) => {
      for (const db of check) await db.execute(emptyTables());
      await check[1]?.insert(users).values({ name: 'on the replica' });
      const db = withReplicas(make(database.client()), [make(replica.client())]);
      const results = [
        await db.insert(users).values({ name: 'inserted' }).returning(),
        await db.select().from(users),
        await db.selectDistinct({ name: users.name }).from(users),
        await db.query.users.findMany({ with: { addresses: true } }),
        await db.$count(users),
        await db.$primary.select().from(users),
        await db.$primary.query.users.findMany(),
        await db.transaction(async (tx) => {
          const [user] = await tx.insert(users).values({ name: 'in a transaction' }).returning();
          await tx.insert(addresses).values({ email: 'x', userId: user?.id });
          return tx.query.users.findMany({ with: { addresses: true } });
        }),
        countOf(await db.update(users).set({ name: 'updated' }).where(eq(users.name, 'inserted'))),
        await db.delete(users).where(eq(users.name, 'nobody')).returning(),
        [...rowsOf(await db.execute(sql`select name from users order by id`))],
        // drizzle treats every statement with `with()` as a read.
        await db
          .with(db.$with('made').as(db.select().from(users)))
          .insert(users)
          .values({ name: 'by with()' })
          .returning(),
      ];
      const contents = await Promise.all(
        check.map(async (each) => [
          await each.select().from(users).orderBy(asc(users.id)),
          await each.select().from(addresses),
        ]),
      );
      return { results, contents };
    });
    expect(batched).toEqual(plain);
    expect(plain.contents[0]?.[0]).toHaveLength(2);
    expect(plain.contents[1]?.[0]).toHaveLength(2);
  });

  test('flushes by its primary', async () => {
    const primary = batchedDrizzle(database.client());
    await primary.execute(emptyTables());
    const db = withReplicas(primary, [batchedDrizzle(replica.client())]);
    db.insert(users).values({ name: 'queued' });
    expect(db.$primary.pending).toBe(1);
    expect(await db.$primary.flush()).toMatchObject({ rows: 1 });
    expect(await primary.$count(users)).toBe(1);
  });
});

describe('a Proxy', () => {
  /** Passes every property on, with the proxy itself as `this` of getters and methods. */
  const bare = <T extends object>(target: T): T => new Proxy(target, {});

  /** Wraps like a tracer: every returned object, and every argument of a callback, is wrapped too. */
  const deep = <T>(target: T): T => {
    if (typeof target !== 'object' || target === null) return target;
    if (target instanceof Promise || Array.isArray(target)) return target;
    return new Proxy(target, {
      get(object, key, receiver) {
        const found: unknown = Reflect.get(object, key, receiver);
        // The client is a function with properties, and not a method.
        const isMethod = typeof found === 'function' && Object.keys(found).length === 0;
        if (!isMethod || key === 'then' || key === 'constructor') return found;
        return (...args: unknown[]) => {
          const wrapped = args.map((arg) =>
            typeof arg === 'function' && key === 'transaction'
              ? (tx: unknown) => (arg as (tx: unknown) => unknown)(deep(tx))
              : arg,
          );
          return deep(Reflect.apply(found, receiver, wrapped));
        };
      },
    });
  };

  const wrappers: [string, <T extends object>(target: T) => T][] = [
    ['that hands everything on', bare],
    ['that wraps all that comes back', deep],
  ];

  test.each(wrappers)('%s gives what drizzle gives in one', async (_, wrap) => {
    const { plain, batched } = await onBoth(async (make) => {
      const db = wrap(make(database.client({ max: 1 })));
      await db.execute(emptyTables());
      const results: unknown[] = [
        await db.insert(users).values({ name: 'a' }).returning(),
        await Promise.all(
          ['b', 'c'].map((name) => db.insert(users).values({ name }).returning({ id: users.id })),
        ),
        await db.insert(users).values({ name: 'a' }).onConflictDoNothing().returning(),
        await db.transaction(async (tx) => {
          const [user] = await tx.insert(users).values({ name: 'd' }).returning();
          await tx.insert(addresses).values({ email: 'x', userId: user?.id });
          await tx.transaction(async (nested) => {
            await nested.insert(addresses).values({ email: 'y', userId: user?.id });
          });
          return tx.query.users.findMany({ with: { addresses: true }, orderBy: asc(users.id) });
        }),
        await db
          .insert(users)
          .values({ name: sql.placeholder('name') })
          .prepare('by_proxy')
          .execute({ name: 'e' }),
        await rejectionOf(db.insert(users).values({ name: 'a' }).execute()).then(
          ({ cause }) => (cause as { code?: string }).code,
        ),
        await db.select().from(users).orderBy(asc(users.id)),
        await db.$count(addresses),
      ];
      return results.map((result) => (Array.isArray(result) ? [...result] : driver.comparable(result)));
    });
    expect(batched).toEqual(plain);
  });

  test.each(wrappers)('%s has flush(), pending, ref() and disposal', async (_, wrap) => {
    const db: BatchedDatabase = wrap(batchedDrizzle(database.client()));
    await db.execute(emptyTables());
    db.insert(users).values({ name: 'a' });
    expect(db.pending).toBe(1);
    expect(await db.flush()).toMatchObject({ rows: 1 });
    await db.transaction(async (tx) => {
      const user = tx.insert(users).values({ name: 'b' });
      tx.insert(addresses).values({ email: 'x', userId: user.ref('id') });
      expect(tx.pending).toBe(2);
      expect(await tx.flush()).toMatchObject({ rows: 2 });
    });
    db.insert(users).values({ name: 'c' });
    await db[Symbol.asyncDispose]();
    expect(await db.$count(users)).toBe(3);
    expect(await db.$count(addresses)).toBe(1);
  });
});
