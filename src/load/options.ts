/** The arguments of `load()`. */

import type { PgInsertBase, PgInsertOnConflictDoUpdateConfig } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import { is, PgTable } from '../drizzle/exports.ts';
import { BatchedDrizzleError } from '../errors.ts';
import type { LoadError } from './load-error.ts';
import { isSource, nameOf } from './source.ts';

/** How far a load has come. */
export interface LoadProgress {
  /** Rows of the source that have been dealt with: written, skipped or set aside. */
  readonly rows: number;
  /** Bytes of data sent for them. */
  readonly bytes: number;
  /** On average, since the load began. */
  readonly rowsPerSecond: number;
}

export interface LoadOptions<TTable extends PgTable = PgTable> {
  /**
   * What happens to a row that conflicts with one that is there. `'error'` (default) fails the load; `'nothing'` skips the
   * row; `{ update }` takes what drizzle's `onConflictDoUpdate` takes. Rows of one load that conflict with each other fare
   * as if they had been inserted one after the other.
   */
  onConflict?:
    | 'error'
    | 'nothing'
    | { update: PgInsertOnConflictDoUpdateConfig<PgInsertBase<TTable, PostgresJsQueryResultHKT>> };
  /**
   * Rows that are encoded, sent and answered together. Default 10,000, at least 1; a chunk of large rows ends at 4 MiB. Two
   * chunks at most are in memory. Larger ones are hardly faster: a chunk costs one round trip, which 10,000 rows take some
   * thirty times as long as.
   */
  chunkRows?: number;
  /**
   * Commit whenever so many rows of the source have been dealt with, at least 1. By default the load is one transaction, all
   * or nothing.
   */
  commitEvery?: number;
  /** Stops the load, which rolls back what is not committed and rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each chunk. What it throws fails the load. */
  onProgress?: (progress: LoadProgress) => void;
  /**
   * What happens to a row that can't be written. `'fail'` (default) fails the load. A function is told of each such row, in
   * the order of the rows of its chunk, and all others are written.
   */
  onRowError?: 'fail' | ((row: TTable['$inferInsert'], index: number, error: LoadError) => void);
}

export const defaultChunkRows = 10_000;

interface Rule {
  test(given: unknown): boolean;
  readonly say: string;
}

const wholeNumber: Rule = {
  test: (given) => Number.isSafeInteger(given) && (given as number) >= 1,
  say: 'a whole number from 1',
};

const aFunction: Rule = { test: (given) => typeof given === 'function', say: 'a function' };

const rules: { readonly [Key in keyof LoadOptions]-?: Rule } = {
  onConflict: {
    test: (given) => given === 'error' || given === 'nothing' || isUpdate(given),
    say: "'error', 'nothing' or { update: { target, set } }",
  },
  chunkRows: wholeNumber,
  commitEvery: wholeNumber,
  signal: { test: (given) => given instanceof AbortSignal, say: 'an AbortSignal' },
  onProgress: aFunction,
  onRowError: {
    test: (given) => given === 'fail' || aFunction.test(given),
    say: "'fail' or a function",
  },
};

function isUpdate(given: unknown): boolean {
  const { update } = (given ?? {}) as { update?: { target?: unknown; set?: unknown } };
  return typeof update === 'object' && update !== null && update.target !== undefined && isObject(update.set);
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/**
 * Looks at the arguments of `load()`, and opens nothing.
 *
 * @param isNested the load is part of a transaction, which has a COMMIT of its own
 * @throws {BatchedDrizzleError} `BAD_OPTION`, naming the argument, what was given and what is allowed
 */
export function checkArguments(table: unknown, rows: unknown, options: unknown, isNested: boolean): void {
  if (!is(table, PgTable)) throw bad('table', table, 'a table of drizzle-orm/pg-core');
  if (!isSource(rows)) throw bad('rows', rows, 'an iterable, an async iterable or a stream of rows');
  if (options === undefined) return;
  if (!isObject(options)) throw bad('options', options, 'an object of options');
  for (const [key, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, key) ? rules[key as keyof LoadOptions] : undefined;
    if (!rule) {
      const known = Object.keys(rules).join(', ');
      throw new BatchedDrizzleError('BAD_OPTION', `load: ${key}: unknown option; allowed: ${known}`);
    }
    if (value !== undefined && !rule.test(value)) throw bad(key, value, rule.say);
  }
  if (isNested && (options as LoadOptions).commitEvery !== undefined) {
    throw new BatchedDrizzleError(
      'BAD_OPTION',
      'load: commitEvery: not allowed in a transaction, which commits as a whole; use db.load()',
    );
  }
}

function bad(name: string, given: unknown, allowed: string): BatchedDrizzleError {
  const shown = typeof given === 'string' ? `'${given}'` : nameOf(given);
  return new BatchedDrizzleError('BAD_OPTION', `load: ${name}: got ${shown}; allowed: ${allowed}`);
}
