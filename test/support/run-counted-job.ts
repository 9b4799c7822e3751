import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import type { BatchOptions } from '../../src/index.ts';
import { emptyTables, startCounted } from './counted.ts';
import type { CountedJob } from './counted-jobs.ts';
import { holdConnection } from './hold-connection.ts';
import { addresses, logs, users } from './schema.ts';
import type { ClientOptions, TestDatabase } from './test-database.ts';

export interface Way {
  readonly options?: ClientOptions;
  readonly batch?: BatchOptions;
  /** The client knows the tables, and has to open another connection: its only one is held by a transaction. */
  readonly isCold?: boolean;
}

export interface RanJob {
  readonly trips: number;
  /** What the job was given back. */
  readonly given: unknown;
  /** What the tables hold after it. */
  readonly rows: unknown[][];
}

/** Runs a job with empty tables, fresh sequences and a client of its own. */
export async function runCountedJob(
  database: TestDatabase,
  job: CountedJob,
  { options, batch = {}, isCold = false }: Way = {},
): Promise<RanJob> {
  const check = drizzle(database.connect({ max: 1 }));
  const { db, client, count } = await startCounted(database, { ...options, batch, max: isCold ? 2 : 1 });
  const release = isCold ? await holdConnection(client) : undefined;
  await check.execute(emptyTables());
  const { trips, result: given } = await count(() => job.run(db));
  await release?.();
  const tables = [users, addresses, logs];
  const rows = await Promise.all(tables.map((table) => check.select().from(table).orderBy(sql`1`)));
  return { trips, given, rows };
}
