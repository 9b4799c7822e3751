/** The calculator of the site says what the relay counts. */
import { eq } from 'drizzle-orm';
import { drizzle as drizzleOnPg } from 'drizzle-orm/node-postgres';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Driver, ourTrips, type Program, plainTrips, type Way } from '../../site/calculator/trips.ts';
import { batchedDrizzle } from '../../src/index.ts';
import { batchedDrizzle as batchedDrizzleOnPg } from '../../src/node-postgres.ts';
import type { Relay } from '../support/relay.ts';
import * as schema from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const { organizations } = schema;

type Db = PgDatabase<PgQueryResultHKT, typeof schema>;
type Shape = Omit<Program, 'driver'>;

const database = useDatabase();
const pools: pg.Pool[] = [];
let relay: Relay;
let sides: Record<Driver, { plain: Db; ours: Db }>;

beforeAll(async () => {
  relay = await database.relay({ delay: 3 });
  const connect = () => database.connect({ url: relay.url, max: 1 });
  const pool = () => {
    pools.push(new pg.Pool({ connectionString: relay.url, max: 1, idleTimeoutMillis: 0 }));
    return pools.at(-1) as pg.Pool;
  };
  sides = {
    'postgres.js': {
      plain: drizzle(connect(), { schema }) as Db,
      ours: batchedDrizzle(connect(), { schema }) as unknown as Db,
    },
    'node-postgres': {
      plain: drizzleOnPg(pool(), { schema }) as unknown as Db,
      ours: batchedDrizzleOnPg(pool(), { schema }) as unknown as Db,
    },
  };
});

afterAll(() => Promise.all(pools.map((pool) => pool.end())));

const shape = (way: Way, inserts: number, statements: number): Shape => ({ way, inserts, statements });
const small = [
  shape('left', 1, 0),
  shape('left', 12, 3),
  shape('together', 12, 0),
  shape('together', 5, 2),
  shape('each', 3, 2),
  shape('queued', 10, 0),
  shape('left', 0, 4),
];
const large = [
  ...[100, 101, 300].flatMap((inserts) => [shape('left', inserts, 0), shape('left', inserts, 2)]),
  ...[1, 2, 17, 18, 101, 102, 1_000, 1_025, 1_026, 2_100].map((inserts) => shape('queued', inserts, 0)),
  ...[50, 300].map((inserts) => shape('queued', inserts, 2)),
  shape('together', 300, 2),
];

describe.each(['postgres.js', 'node-postgres'] as const)('on %s', (driver) => {
  test.each(small)(
    'a transaction of $inserts inserts ($way) and $statements others, by drizzle',
    async (of) => {
      expect(await tripsOf(sides[driver].plain, of)).toBe(plainTrips({ driver, ...of }));
    },
  );

  test.each([...small, ...large])(
    'of $inserts inserts ($way) and $statements others, by ours',
    async (of) => {
      expect(await tripsOf(sides[driver].ours, of)).toBe(ourTrips({ driver, ...of }));
    },
  );
});

/** Of the second time: by then the connection is open, and the facts of the table are known. */
async function tripsOf(db: Db, of: Shape): Promise<number> {
  await run(db, of);
  relay.reset();
  await run(db, of);
  return relay.trips;
}

async function run(db: Db, { way, inserts, statements }: Shape): Promise<void> {
  const isOurs = 'flush' in db;
  const config = isOurs && way === 'queued' ? { batch: { awaits: 'queued' } } : undefined;
  await db.transaction(async (tx) => {
    for (let n = 0; n < statements; n++) await tx.select().from(organizations).where(eq(organizations.id, n));
    const rows = Array.from({ length: inserts }, (_, n) => ({ name: `${n}` }));
    const insert = (row: { name: string }) =>
      tx.insert(organizations).values(row).returning({ id: organizations.id });
    if (way === 'together' || way === 'left') {
      const made = rows.map(insert);
      // Plain drizzle writes only what is awaited.
      if (way === 'together' || !isOurs) await Promise.all(made);
    } else {
      for (const row of rows) await insert(row);
    }
  }, config as never);
}
