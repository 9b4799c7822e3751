import { type SQL, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type postgres from 'postgres';
import type { RowList } from 'postgres';
import { type BatchedDatabase, type BatchedDrizzleConfig, batchedDrizzle } from '../../src/index.ts';
import { emptyTables } from './counted.ts';
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
  options: postgres.Options<Record<string, never>> = {},
): SideBySide {
  // One connection, so that statements of one turn run in the order of their calls.
  const plain = drizzle(database.connect({ ...options, max: 1 }), config);
  const batched = batchedDrizzle(
    database.connect({ ...options, max: 2 }),
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

/** The properties of a result without `returning()` that a program can see. */
export function describeResult(result: RowList<never[]>): object {
  const { statement, columns, state, command, count, length } = result;
  return {
    class: result.constructor.name,
    isArray: Array.isArray(result),
    keys: Object.keys(result),
    properties: Object.getOwnPropertyNames(result).toSorted(),
    count,
    command,
    length,
    columns,
    state: Object.keys(state).toSorted(),
    statement: Object.keys(statement).toSorted(),
  };
}
