import { readFileSync } from 'node:fs';
import { and, eq, gt, sql } from 'drizzle-orm';
import { drizzle as drizzleOnPg } from 'drizzle-orm/node-postgres';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { batchedDrizzle as batchedDrizzleOnPg } from '../../src/node-postgres.ts';
import type { Relay } from '../support/relay.ts';
import * as schema from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const { users, addresses, logs, organizations } = schema;

type Db = PgDatabase<PgQueryResultHKT, typeof schema>;

const database = useDatabase();
let relay: Relay;
let plain: Db;
let batched: Db;
let plainOnPg: Db;
let batchedOnPg: Db;
const pools: pg.Pool[] = [];

beforeAll(async () => {
  relay = await database.relay({ delay: 5 });
  const connect = () => database.connect({ url: relay.url, max: 1 });
  plain = drizzle(connect(), { schema }) as Db;
  batched = batchedDrizzle(connect(), { schema }) as unknown as Db;
  const poolOf = () => new pg.Pool({ connectionString: relay.url, max: 1, idleTimeoutMillis: 0 });
  pools.push(poolOf(), poolOf());
  const [first, second] = pools as [pg.Pool, pg.Pool];
  plainOnPg = drizzleOnPg(first, { schema }) as unknown as Db;
  batchedOnPg = batchedDrizzleOnPg(second, { schema }) as unknown as Db;
});

afterAll(() => Promise.all(pools.map((pool) => pool.end())));

const ofUser = eq(users.id, 1);
const fifty = Array.from({ length: 50 }, (_, n) => n);
const ten = fifty.slice(0, 10);

interface Program {
  readonly what: string;
  readonly before: number;
  readonly onPg: number;
  readonly after: number;
  run(db: Db): PromiseLike<unknown>;
}

/** The lines of the README's table, and the parts of a line that names several. */
const programs: readonly Program[] = [
  { what: 'a select', before: 2, onPg: 1, after: 1, run: (db) => db.select().from(users).where(ofUser) },
  {
    what: 'an update',
    before: 2,
    onPg: 1,
    after: 1,
    run: (db) => db.update(users).set({ name: 'a' }).where(ofUser),
  },
  { what: 'a delete', before: 2, onPg: 1, after: 1, run: (db) => db.delete(users).where(ofUser) },
  {
    what: 'an upsert',
    before: 2,
    onPg: 1,
    after: 1,
    run: (db) =>
      db
        .insert(users)
        .values({ id: 1, name: 'a' })
        .onConflictDoUpdate({ target: users.id, set: { name: 'b' } }),
  },
  {
    what: 'a relational query',
    before: 2,
    onPg: 1,
    after: 1,
    run: (db) => db.query.users.findFirst({ where: ofUser, with: { addresses: true } }),
  },
  { what: '$count', before: 2, onPg: 1, after: 1, run: (db) => db.$count(users, ofUser) },
  { what: 'execute(sql)', before: 2, onPg: 1, after: 1, run: (db) => db.execute(sql`select ${1}::int`) },
  {
    what: 'a transaction of one select',
    before: 4,
    onPg: 3,
    after: 2,
    run: (db) => db.transaction((tx) => tx.select().from(users).where(ofUser)),
  },
  {
    what: 'a transaction of one update',
    before: 4,
    onPg: 3,
    after: 2,
    run: (db) => db.transaction((tx) => tx.update(users).set({ name: 'a' }).where(ofUser)),
  },
  {
    what: 'a transaction of one delete',
    before: 4,
    onPg: 3,
    after: 2,
    run: (db) => db.transaction((tx) => tx.delete(users).where(gt(users.id, 1_000_000))),
  },
  {
    what: 'a transfer',
    before: 12,
    onPg: 7,
    after: 6,
    run: (db) =>
      db.transaction(async (tx) => {
        await tx.select().from(users).where(ofUser);
        await tx.update(users).set({ name: 'from' }).where(ofUser);
        await tx.update(users).set({ name: 'to' }).where(eq(users.id, 2));
        await tx.insert(logs).values({ level: 'info', message: 'from' });
        await tx.insert(logs).values({ level: 'info', message: 'to' });
      }),
  },
  {
    what: '50 selects',
    before: 102,
    onPg: 52,
    after: 2,
    run: (db) =>
      db.transaction((tx) => Promise.all(fifty.map((n) => tx.select().from(users).where(eq(users.id, n))))),
  },
  {
    what: '50 updates',
    before: 102,
    onPg: 52,
    after: 2,
    run: (db) =>
      db.transaction((tx) =>
        Promise.all(
          fifty.map((n) =>
            tx
              .update(users)
              .set({ name: `${n}` })
              .where(eq(users.id, n)),
          ),
        ),
      ),
  },
  {
    what: '10 updates, 10 deletes and 10 inserts, behind a select',
    before: 64,
    onPg: 33,
    after: 3,
    run: (db) =>
      db.transaction(async (tx) => {
        await tx.select().from(users).where(ofUser);
        await Promise.all(
          ten.flatMap<PromiseLike<unknown>>((n) => [
            tx
              .update(users)
              .set({ name: `${n}` })
              .where(eq(users.id, n)),
            tx.delete(addresses).where(and(eq(addresses.id, n), eq(addresses.userId, n))),
            tx.insert(logs).values({ level: 'info', message: `${n}` }),
          ]),
        );
      }),
  },
  {
    what: '100 inserts with ids, one awaited after another',
    before: 202,
    onPg: 102,
    after: 4,
    run: async (db) => {
      const config = db === batched || db === batchedOnPg ? { batch: { awaits: 'queued' } } : undefined;
      await db.transaction(async (tx) => {
        for (const n of Array.from({ length: 100 }, (_, index) => index))
          await tx
            .insert(organizations)
            .values({ name: `${n}` })
            .returning({ id: organizations.id });
      }, config as never);
    },
  },
];

describe('round trips', () => {
  test.each(programs)('of $what: $before in drizzle, $after in ours', async ({ before, after, run }) => {
    expect([await tripsOf(plain, run), await tripsOf(batched, run)]).toEqual([before, after]);
  });

  test.each(programs)('of $what on pg: $onPg in drizzle, $after in ours', async ({ onPg, after, run }) => {
    expect([await tripsOf(plainOnPg, run), await tripsOf(batchedOnPg, run)]).toEqual([onPg, after]);
  });

  test.each([
    ['a select, update, delete', 2, 1, 1],
    ['a transaction of one select', 4, 3, 2],
    ['a transfer', 12, 7, 6],
    ['`Promise.all` of 50 selects', 102, 52, 2],
    ['10 updates, 10 deletes and 10 inserts', 64, 33, 3],
    ['100 inserts with ids, one awaited after another', 202, 102, 4],
  ])('of %s are those in the README', (what, before, onPg, after) => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const line = readme.split('\n').find((each) => each.startsWith('|') && each.includes(what));
    expect(line).toMatch(new RegExp(`\\| ${before} \\| ${onPg} \\| ${after} \\|$`));
  });
});

/** Of the second time: by then the connection is open. */
async function tripsOf(db: Db, run: Program['run']): Promise<number> {
  await run(db);
  relay.reset();
  await run(db);
  return relay.trips;
}
