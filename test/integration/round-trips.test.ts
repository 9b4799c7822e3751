import { eq, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Counted, emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { holdConnection } from '../support/hold-connection.ts';
import { manyEntries } from '../support/many-entries.ts';
import { addresses, events, logs, members, nodes, organizations, teams, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());
let warm: Counted;

beforeAll(async () => {
  warm = await startCounted(database);
});
beforeEach(() => check.execute(emptyTables()));

function names(count: number): { name: string }[] {
  return Array.from({ length: count }, (_, index) => ({ name: `user ${index}` }));
}

/** The ids of the users in the table, in the order of the numbers in their names. */
async function idsOfUsers(): Promise<number[]> {
  const rows = await check.select().from(users).orderBy(sql`length(${users.name}), ${users.name}`);
  return rows.map(({ id }) => id);
}

function keyQueries(statements: readonly string[]): string[] {
  return statements.filter((statement) => /nextval|set_config/.test(statement));
}

describe('a flush', () => {
  test('of any number of tables is one trip, in a transaction', async () => {
    const report = await warm.db.transaction(async (tx) => {
      await tx.select().from(users);
      const organization = tx.insert(organizations).values([{ name: 'a' }, { name: 'b' }]);
      const team = tx.insert(teams).values({ name: 'c', organizationId: organization.ref('id', 1) });
      tx.insert(members).values({ email: 'd', teamId: team.ref('id') });
      tx.insert(users).values(names(20));
      tx.insert(events).values({ kind: 'e' });
      tx.insert(logs).values({ level: 'info', message: 'f' });
      const { trips, result } = await warm.count(() => tx.flush());
      expect(trips).toBe(1);
      return result;
    });
    expect(report).toMatchObject({ rows: 26, roundTrips: 1 });
    expect(Object.fromEntries(report.tables.map(({ table, rows }) => [table, rows]))).toEqual({
      '"organizations"': 2,
      '"teams"': 1,
      '"members"': 1,
      '"users"': 20,
      '"events"': 1,
      '"logs"': 1,
    });
    const counts = await Promise.all(
      [organizations, teams, members, users, events, logs].map((table) => check.$count(table)),
    );
    expect(counts).toEqual([2, 1, 1, 20, 1, 1]);
  });

  test('of any number of tables is one trip, on the database', async () => {
    const user = warm.db.insert(users).values(names(20));
    warm.db.insert(addresses).values({ email: 'a', userId: user.ref('id', 7) });
    warm.db.insert(events).values({ kind: 'b' });
    const { trips, result } = await warm.count(() => warm.db.flush());
    expect(trips).toBe(1);
    expect(result).toMatchObject({ rows: 22, roundTrips: 1 });
    const [address] = await check.select().from(addresses);
    expect(address?.userId).toBe((await idsOfUsers())[7]);
    expect(await check.$count(events)).toBe(1);
  });

  test('of nothing is none', async () => {
    const { trips, result } = await warm.count(() => warm.db.flush());
    expect(trips).toBe(0);
    expect(result).toMatchObject({ rows: 0, keys: 0, statements: 0, roundTrips: 0, tables: [] });
  });

  test('is one trip more where a table was not seen before', async () => {
    const { count, db } = await startCounted(database, { knowing: false });
    const flush = async (): Promise<number> => {
      db.insert(users).values(names(3));
      db.insert(logs).values({ level: 'info', message: 'a' });
      const { trips, result } = await count(() => db.flush());
      expect(result.roundTrips).toBe(trips);
      await check.delete(users);
      return trips;
    };
    expect(await flush()).toBe(2);
    expect(await flush()).toBe(1);
    expect(await check.$count(logs)).toBe(2);
  });

  test('knows what another database on the same client has learned', async () => {
    const other = batchedDrizzle(warm.client);
    other.insert(users).values(names(3));
    const { trips } = await warm.count(() => other.flush());
    expect(trips).toBe(1);
    expect(await check.$count(users)).toBe(3);
  });
});

describe('100 awaited inserts of one turn', () => {
  test('in a transaction are one trip', async () => {
    const ids = await warm.db.transaction(async (tx) => {
      await tx.select().from(users);
      const { trips, result } = await warm.count(() =>
        Promise.all(names(100).map((user) => tx.insert(users).values(user).returning())),
      );
      expect(trips).toBe(1);
      return result.map(([user]) => user?.id);
    });
    expect(await idsOfUsers()).toEqual(ids);
  });

  test('on the database are one trip', async () => {
    const { trips, result } = await warm.count(() =>
      Promise.all(names(100).map((user) => warm.db.insert(users).values(user).returning())),
    );
    expect(trips).toBe(1);
    expect(await idsOfUsers()).toEqual(result.map(([user]) => user?.id));
  });

  test('are 200 trips in plain drizzle, or 100 if its driver describes nothing', async () => {
    const { trips } = await warm.count(() =>
      Promise.all(names(100).map((user) => warm.plain.insert(users).values(user))),
    );
    expect(trips).toBe(100 * driver.plainTrips);
  });

  test('some promise jobs away from one another are one trip', async () => {
    const { trips } = await warm.count(() =>
      Promise.all(
        names(10).map(async (user, index) => {
          for (let jobs = 0; jobs < index; jobs++) await undefined;
          await warm.db.insert(users).values(user);
        }),
      ),
    );
    expect(trips).toBe(1);
    expect(await check.$count(users)).toBe(10);
  });
});

describe('a whole transaction', () => {
  test('that awaits inserts some promise jobs and a tick away from one another is two', async () => {
    const { trips } = await warm.count(() =>
      warm.db.transaction((tx) =>
        Promise.all(
          names(10).map(async (user, index) => {
            for (let jobs = 0; jobs < index; jobs++) await undefined;
            if (index % 2) await new Promise<void>((resolve) => process.nextTick(resolve));
            await tx.insert(users).values(user);
          }),
        ),
      ),
    );
    expect(trips).toBe(2);
    expect(await check.$count(users)).toBe(10);
  });

  test('whose callback only queues is one trip: BEGIN, keys, rows, COMMIT', async () => {
    const { trips, statements } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        const inserts = names(10).map((user) => tx.insert(users).values(user));
        tx.insert(addresses).values({ email: 'a', userId: inserts[3]?.ref('id') });
      }),
    );
    expect(trips).toBe(1);
    expect(keyQueries(statements)).toHaveLength(1);
    expect(statements.at(0)).toMatch(/^begin/);
    expect(statements.at(-1)).toBe('commit');
    const [address] = await check.select().from(addresses);
    expect(address?.userId).toBe((await idsOfUsers())[3]);
  });

  test('that awaits a flush is two', async () => {
    const { trips, result } = await warm.count(() =>
      warm.db.transaction((tx) => {
        tx.insert(users).values(names(10));
        tx.insert(logs).values({ level: 'info', message: 'a' });
        return tx.flush();
      }),
    );
    expect(trips).toBe(2);
    expect(result).toMatchObject({ rows: 11, roundTrips: 1 });
    expect(await check.$count(users)).toBe(10);
    expect(await check.$count(logs)).toBe(1);
  });

  test('that awaits one of its inserts is two', async () => {
    const { trips, result } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        tx.insert(logs).values({ level: 'info', message: 'a' });
        const [user] = await tx.insert(users).values({ name: 'user 0' }).returning();
        return user?.id;
      }),
    );
    expect(trips).toBe(2);
    expect(await idsOfUsers()).toEqual([result]);
    expect(await check.$count(logs)).toBe(1);
  });

  test('that does nothing with the database is one (plain drizzle: two)', async () => {
    const work = async (): Promise<string> => 'done';
    const batched = await warm.count(() => warm.db.transaction(work));
    expect(batched).toMatchObject({ trips: 1, result: 'done' });
    expect(batched.statements.map((statement) => statement.trim())).toEqual(['begin', 'commit']);
    const plain = await warm.count(() => warm.plain.transaction(work));
    expect(plain).toMatchObject({ trips: 2, result: 'done' });
  });

  test('with a config whose callback only queues is one', async () => {
    const { trips, statements } = await warm.count(() =>
      warm.db.transaction(
        async (tx) => {
          tx.insert(users).values(names(10));
        },
        { isolationLevel: 'serializable', accessMode: 'read write' },
      ),
    );
    expect(trips).toBe(1);
    const begin = driver.begin('isolation level serializable read write');
    expect(statements.slice(0, begin.length).map((text) => text.trim())).toEqual(begin);
    expect(await check.$count(users)).toBe(10);
  });

  test('with a nested one that only queues is two (plain drizzle: five)', async () => {
    const batched = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        await tx.transaction(async (nested) => {
          nested.insert(users).values({ name: 'user 0' });
        });
      }),
    );
    expect(batched.trips).toBe(2);
    const plain = await warm.count(() =>
      warm.plain.transaction(async (tx) => {
        await tx.transaction(async (nested) => {
          await nested.insert(users).values({ name: 'user 1' });
        });
      }),
    );
    expect(plain.trips).toBe(5);
    expect(await check.$count(users)).toBe(2);
  });

  test('that queues before, in and behind a nested one is three', async () => {
    const { trips } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        tx.insert(users).values({ name: 'user 0' });
        await tx.transaction(async (nested) => {
          nested.insert(users).values({ name: 'user 1' });
        });
        tx.insert(users).values({ name: 'user 2' });
      }),
    );
    expect(trips).toBe(3);
    expect(await check.$count(users)).toBe(3);
  });

  test('three levels deep with references is one', async () => {
    const { trips } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        for (let number = 0; number < 20; number++) {
          const organization = tx.insert(organizations).values({ name: `${number}` });
          const team = tx.insert(teams).values({ name: `${number}`, organizationId: organization.ref('id') });
          tx.insert(members).values({ email: `${number}`, teamId: team.ref('id') });
        }
      }),
    );
    expect(trips).toBe(1);
    const wired = rowsOf(
      await check.execute(sql`
      select o.name as o, t.name as t, m.email as m from members m
      join teams t on t.id = m.team_id join organizations o on o.id = t.organization_id`),
    );
    expect(wired).toHaveLength(20);
    for (const { o, t, m } of wired) expect([t, m]).toEqual([o, o]);
  });

  test('of 100 users with two addresses each, ids wired, is one', async () => {
    const { trips } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        for (const { name } of names(100)) {
          const user = tx.insert(users).values({ name });
          for (const kind of ['home', 'work'])
            tx.insert(addresses).values({ email: `${name} ${kind}`, userId: user.ref('id') });
        }
      }),
    );
    expect(trips).toBe(1);
    const wired = rowsOf(
      await check.execute(sql`
      select count(*)::int as n from addresses a join users u on u.id = a.user_id
      where a.email in (u.name || ' home', u.name || ' work')`),
    );
    expect(wired).toEqual([{ n: 200 }]);
  });

  test('whose tables were not seen before is one with few rows, and two with shared statements', async () => {
    const { count, db } = await startCounted(database, { knowing: false });
    const few = await count(() =>
      db.transaction(async (tx) => {
        tx.insert(users).values({ name: 'few' });
        const user = tx.insert(users).values(names(10));
        tx.insert(addresses).values({ email: 'a', userId: user.ref('id', 3) });
      }),
    );
    expect(few.trips).toBe(1);
    const shared = () =>
      count(() =>
        db.transaction(async (tx) => {
          for (let number = 0; number < manyEntries; number++)
            tx.insert(logs).values({ level: 'info', message: `${number}` });
        }),
      );
    expect((await shared()).trips).toBe(2);
    expect((await shared()).trips).toBe(1);
    expect(await check.$count(users)).toBe(11);
    expect(await check.$count(logs)).toBe(2 * manyEntries);
  });

  test("is one more after raw SQL, for the tables' facts", async () => {
    const { trips, result } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        await tx.execute(sql`select 1`);
        for (const user of names(manyEntries)) tx.insert(users).values(user);
        const first = await tx.flush();
        tx.insert(logs).values([
          { level: 'info', message: 'a' },
          { level: 'info', message: 'b' },
        ]);
        const second = await tx.flush();
        return [first.roundTrips, second.roundTrips];
      }),
    );
    // BEGIN, the raw SQL, two trips for the first flush, one for the second, and COMMIT.
    expect(result).toEqual([2, 1]);
    expect(trips).toBe(5 + driver.tripsOfBegin);
    expect(await check.$count(users)).toBe(manyEntries);
    expect(await check.$count(logs)).toBe(2);
  });

  test('on a cold connection is one, start-up apart', async () => {
    const client = database.client({ url: warm.relay.url, max: 2 });
    const db = batchedDrizzle(client);
    const rows = [
      { level: 'info', message: 'a' },
      { level: 'info', message: 'b' },
    ];
    await db.insert(logs).values(rows);
    // The only warm connection is in use.
    const release = await holdConnection(client);
    const { trips } = await warm.count(() =>
      db.transaction(async (tx) => {
        tx.insert(logs).values(rows);
      }),
    );
    await release();
    expect(trips).toBe(1);
    expect(await check.$count(logs)).toBe(4);
  });
});

describe('one row alone', () => {
  const loneInsert = 'insert into "users" ("id", "name") values (default, $1) returning "id", "name"';

  test('on the database is one INSERT with RETURNING, and no key query (plain drizzle: two)', async () => {
    const { trips, statements, result } = await warm.count(() =>
      warm.db.insert(users).values({ name: 'user 0' }).returning(),
    );
    expect(trips).toBe(1);
    expect(statements).toEqual([loneInsert]);
    expect(result).toEqual(await check.select().from(users));
    const plain = await warm.count(() => warm.plain.insert(users).values({ name: 'user 1' }).returning());
    expect(plain.trips).toBe(driver.plainTrips);
  });

  test('in a transaction that has begun is one, and no key query (plain drizzle: two)', async () => {
    await warm.db.transaction(async (tx) => {
      await tx.select().from(users);
      const { trips, statements } = await warm.count(() =>
        tx.insert(users).values({ name: 'user 0' }).returning(),
      );
      expect(trips).toBe(1);
      expect(statements).toEqual([loneInsert]);
    });
    await warm.plain.transaction(async (tx) => {
      await tx.select().from(users);
      const { trips } = await warm.count(() => tx.insert(users).values({ name: 'user 1' }).returning());
      expect(trips).toBe(driver.plainTrips);
    });
    expect(await check.$count(users)).toBe(2);
  });

  test('flushed on the database is one', async () => {
    warm.db.insert(users).values({ name: 'user 0' });
    const { trips, statements, result } = await warm.count(() => warm.db.flush());
    expect(trips).toBe(1);
    expect(keyQueries(statements)).toEqual([]);
    expect(result).toMatchObject({ rows: 1, keys: 0, statements: 1, roundTrips: 1 });
    expect(await check.$count(users)).toBe(1);
  });

  test('handed to execute() is one (plain drizzle: two)', async () => {
    const { trips } = await warm.count(() =>
      warm.db.execute(warm.db.insert(users).values({ name: 'user 0' })),
    );
    expect(trips).toBe(1);
    expect(await check.$count(users)).toBe(1);
  });

  test('100 times awaited in turn is one trip each (plain drizzle: two)', async () => {
    const work = (db: Counted['db'] | PostgresJsDatabase, offset: number) =>
      db.transaction(async (tx) => {
        await tx.select().from(users);
        const { trips } = await warm.count(async () => {
          for (const { name } of names(100)) await tx.insert(users).values({ name: `${offset} ${name}` });
        });
        return trips;
      });
    expect(await work(warm.db, 1)).toBe(100);
    expect(await work(warm.plain, 2)).toBe(100 * driver.plainTrips);
    expect(await check.$count(users)).toBe(200);
  });
});

describe('one trip more', () => {
  test("with `batch.keys: 'client'`, in a transaction, and no set_config", async () => {
    const { count, db } = await startCounted(database, { batch: { keys: 'client' } });
    await db.transaction(async (tx) => {
      await tx.select().from(users);
      const user = tx.insert(users).values(names(10));
      tx.insert(addresses).values({ email: 'a', userId: user.ref('id', 3) });
      const { trips, statements, result } = await count(() => tx.flush());
      expect(trips).toBe(2);
      expect(result.roundTrips).toBe(2);
      expect(statements.join()).not.toContain('set_config');
    });
    const [address] = await check.select().from(addresses);
    expect(address?.userId).toBe((await idsOfUsers())[3]);
  });

  test("with `batch.keys: 'client'`, on the database and for a whole transaction", async () => {
    const { count, db } = await startCounted(database, { batch: { keys: 'client' } });
    const user = db.insert(users).values({ name: 'a' });
    db.insert(addresses).values({ email: 'a', userId: user.ref('id') });
    const flushed = await count(() => db.flush());
    expect(flushed.trips).toBe(2);
    expect(flushed.result.roundTrips).toBe(2);
    const { trips } = await count(() =>
      db.transaction(async (tx) => {
        for (const { name } of names(manyEntries)) {
          const other = tx.insert(users).values({ name });
          tx.insert(addresses).values({ email: name, userId: other.ref('id') });
        }
      }),
    );
    expect(trips).toBe(2);
    const few = await count(() =>
      db.transaction(async (tx) => {
        const other = tx.insert(users).values({ name: 'b' });
        tx.insert(addresses).values({ email: 'b', userId: other.ref('id') });
      }),
    );
    expect(few.trips).toBe(2);
    // No key is taken ahead for a table with a foreign key to itself, so the child waits for its parent's answer, too.
    const waiting = await count(() =>
      db.transaction(async (tx) => {
        const root = tx.insert(nodes).values({ label: 'c' });
        tx.insert(nodes).values({ label: 'd', parentId: root.ref('id') });
      }),
    );
    expect(waiting.trips).toBe(2 + driver.tripsOfBegin);
    const rows = await check.select().from(nodes).orderBy(nodes.label);
    expect(rows.map(({ parentId }) => parentId)).toEqual([null, rows[0]?.id]);
    const wired = await check
      .select({ name: users.name, email: addresses.email })
      .from(addresses)
      .innerJoin(users, eq(addresses.userId, users.id));
    expect(wired).toHaveLength(manyEntries + 2);
    for (const { name, email } of wired) expect(email).toBe(name);
  });

  test('for a reference inside an sql expression to a shared statement, and none to an own one', async () => {
    const write = (entries: { name: string }[][], at: { entry: number; row: number }) =>
      warm.db.transaction(async (tx) => {
        await tx.select().from(users);
        const inserts = entries.map((rows) => tx.insert(users).values(rows));
        const userId = inserts[at.entry]?.ref('id', at.row);
        tx.insert(addresses).values({ email: sql`'user-' || ${userId}::text`, userId });
        return warm.count(() => tx.flush());
      });
    const many = names(manyEntries).map((user) => [user]);
    const shared = await write(many, { entry: 3, row: 0 });
    expect([shared.trips, shared.result.roundTrips]).toEqual([2, 2]);
    const id = (await idsOfUsers())[3];
    expect(await check.select().from(addresses)).toMatchObject([{ email: `user-${id}`, userId: id }]);

    await check.execute(emptyTables());
    const own = await write([names(10)], { entry: 0, row: 3 });
    expect([own.trips, own.result.roundTrips]).toEqual([1, 1]);
    const ownId = (await idsOfUsers())[3];
    expect(await check.select().from(addresses)).toMatchObject([{ email: `user-${ownId}`, userId: ownId }]);
  });
});
