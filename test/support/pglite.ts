/** Plain drizzle and ours on one instance of PGlite. */
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle, type PgliteDatabase } from 'drizzle-orm/pglite';
import { afterAll, beforeAll } from 'vitest';
import type { BatchOptions } from '../../src/options.ts';
import { type BatchedDatabase, batchedDrizzle } from '../../src/pglite.ts';
import { emptying } from './emptying.ts';

/** An instance in memory, of the whole test file: a start takes seconds. */
export function useInstance(create: string, options: PGliteOptions = {}): () => PGlite {
  let instance: PGlite;
  beforeAll(async () => {
    instance = await PGlite.create(options);
    await instance.exec(create);
  });
  afterAll(() => instance.close());
  return () => instance;
}

export interface Seen {
  /** What the work resolved to, or what can be seen of its error. */
  readonly outcome: unknown;
  readonly logged: readonly string[];
}

/** Runs the work on both, each on empty tables. */
export async function onBoth(
  instance: PGlite,
  tables: string,
  work: (db: PgliteDatabase) => Promise<unknown>,
  batch: BatchOptions = {},
): Promise<{ readonly plain: Seen; readonly batched: Seen }> {
  const run = async (make: (logger: { logQuery(text: string): void }) => PgliteDatabase): Promise<Seen> => {
    await instance.exec(emptying(tables.split(', ').toReversed()));
    const logged: string[] = [];
    const outcome = await outcomeOf(() => work(make({ logQuery: (text) => logged.push(text) })));
    return { outcome, logged };
  };
  return {
    plain: await run((logger) => drizzle(instance, { logger })),
    batched: await run((logger) => batchedDrizzle(instance, { logger, batch })),
  };
}

export async function outcomeOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return describeError(error);
  }
}

/** What programs look at in an error. A message of drizzle's shows the values, and one of ours does not. */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { thrown: error };
  const { cause, stack: _, message, ...fields } = { ...error, cause: error.cause, message: error.message };
  const isQuery = message.startsWith('Failed query: ');
  const shown = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'length'));
  return {
    class: error.constructor.name,
    message: isQuery ? 'Failed query: ' : message,
    fields: JSON.parse(
      JSON.stringify(isQuery ? {} : shown, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
    ),
    ...(isQuery && { query: (error as { query?: unknown }).query }),
    ...(isQuery && cause instanceof Error && { cause: describeError(cause) }),
  };
}

export const all = (results: readonly PromiseLike<unknown>[]): Promise<unknown[]> =>
  Promise.all(results.map((result) => outcomeOf(async () => await result)));

export async function rowsOf(instance: PGlite, table: string): Promise<unknown[]> {
  return (await instance.query(`select * from ${table} order by 1`)).rows;
}

export const count = async (db: PgliteDatabase | BatchedDatabase, table: string): Promise<number> => {
  const { rows } = await db.execute<{ n: number }>(sql.raw(`select count(*)::int as n from ${table}`));
  return rows[0]?.n ?? -1;
};
