import { type SQL, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { BatchedDatabase, BatchedDrizzleConfig } from '../../src/index.ts';
import { emptyTables } from './counted.ts';
import { batchedDrizzle, driver } from './drivers/chosen.ts';
import type { ClientOptions } from './drivers/driver.ts';
import type { TestDatabase } from './test-database.ts';

/**
 * The results of plain drizzle and ours for the same work. Each began with empty tables and restarted
 * sequences.
 */
export interface BothSides<T> {
  readonly plain: T;
  readonly batched: T;
}

export interface SideBySide {
  readonly plain: PostgresJsDatabase;
  readonly batched: BatchedDatabase;
  /** Runs the work on both databases. Returns what it resolved to or rejected with. */
  run<T>(work: (db: PostgresJsDatabase) => Promise<T>): Promise<BothSides<T>>;
  /** The same, and the rows of the tables afterwards, in no particular order. */
  runAndRead<T>(
    work: (db: PostgresJsDatabase) => Promise<T>,
    ...tables: PgTable[]
  ): Promise<BothSides<{ result: T; rows: unknown[][] }>>;
}

/** A plain and a batched database on separate clients. */
export function sideBySide(
  database: TestDatabase,
  { batch, ...config }: BatchedDrizzleConfig = {},
  empty: SQL = emptyTables(),
  options: ClientOptions = {},
): SideBySide {
  // One connection, so that statements of one turn run in the order of their calls.
  const plain = driver.reference(database.client({ ...options, max: 1 }), config);
  const batched = batchedDrizzle(
    database.client({ ...options, max: 2 }),
    batch ? { ...config, batch } : config,
  );
  const both = async <T>(work: (db: PostgresJsDatabase) => Promise<T>): Promise<BothSides<T>> => {
    await plain.execute(empty);
    const expected = await work(plain);
    await plain.execute(empty);
    return { plain: expected, batched: await work(batched) };
  };
  return {
    plain,
    batched,
    run: both,
    runAndRead: (work, ...tables) =>
      both(async (db) => {
        const result = await work(db);
        const rows = await Promise.all(
          tables.map((table) => plain.select().from(table).orderBy(sql`1`) as Promise<unknown[]>),
        );
        return { result, rows };
      }),
  };
}
