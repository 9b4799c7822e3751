import { sql } from 'drizzle-orm';
import type { BatchOptions } from '../../src/index.ts';
import { emptyTables, startCounted } from './counted.ts';
import type { CountedJob } from './counted-jobs.ts';
import { driver, drizzle } from './drivers/chosen.ts';
import type { ClientOptions } from './drivers/driver.ts';
import { holdConnection } from './hold-connection.ts';
import { addresses, logs, users } from './schema.ts';
import type { TestDatabase } from './test-database.ts';

export interface Way {
  readonly options?: ClientOptions;
  readonly batch?: BatchOptions;
  /**
   * Whether the client must open a new connection, since a transaction holds its only one. It knows the
   * tables.
   */
  readonly isCold?: boolean;
}

export interface RanJob {
  readonly trips: number;
  /** The results that the job received. */
  readonly given: unknown;
  /** The rows of the tables after the job. */
  readonly rows: unknown[][];
}

/** Runs a job with empty tables, restarted sequences and a client of its own. */
export async function runCountedJob(
  database: TestDatabase,
  job: CountedJob,
  { options, batch = {}, isCold = false }: Way = {},
): Promise<RanJob> {
  const check = drizzle(database.client({ max: 1 }));
  const { db, client, count } = await startCounted(database, { ...options, batch, max: isCold ? 2 : 1 });
  const release = isCold ? await holdConnection(client) : undefined;
  await check.execute(emptyTables());
  const { trips, result: given } = await count(() => job.run(db));
  await release?.();
  const tables = [users, addresses, logs];
  const rows = await Promise.all(tables.map((table) => check.select().from(table).orderBy(sql`1`)));
  return { trips, given: comparable(given), rows };
}

/** A job gives one result or several. */
const comparable = (given: unknown): unknown =>
  Array.isArray(given) ? given.map(driver.comparable) : driver.comparable(given);
