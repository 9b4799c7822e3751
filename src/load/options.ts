/** The arguments of `load()`. */
import type { InferInsertModel } from 'drizzle-orm';
import type { PgInsertOnConflictDoUpdateConfig } from 'drizzle-orm/pg-core';
import type { InsertOf } from '#version/drizzle/classes';
import { is, PgTable } from '../drizzle/exports.ts';
import { BatchedDrizzleError } from '../errors.ts';
import type { LoadError } from './load-error.ts';
import { describeValue, isSource } from './source.ts';

/** The progress of a load. */
export interface LoadProgress {
  /** Rows of the source that were written, skipped or set aside. */
  readonly rows: number;
  /** Bytes of data sent for these rows. */
  readonly bytes: number;
  /** The average since the load began. */
  readonly rowsPerSecond: number;
}

export interface LoadOptions<TTable extends PgTable = PgTable> {
  /**
   * What happens to a row that conflicts with an existing one. `'error'` (default) fails the load; `'nothing'` skips the
   * row; `{ update }` takes the argument of drizzle's `onConflictDoUpdate`. Rows of one load may conflict with each other:
   * the result is the same as if they were inserted one after the other.
   */
  onConflict?: 'error' | 'nothing' | { update: PgInsertOnConflictDoUpdateConfig<InsertOf<TTable>> };
  /**
   * Rows that are encoded, sent and answered together. Default 10,000, at least 1; a chunk of large rows ends at 4 MiB. At
   * most two chunks are in memory. Larger chunks are hardly faster: a chunk costs one round trip, and 10,000 rows take some
   * thirty times as long.
   */
  chunkRows?: number;
  /**
   * Commits after so many rows of the source, at least 1. By default the load is one transaction, all or nothing.
   */
  commitEvery?: number;
  /** Stops the load: it rolls back the uncommitted rows and rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each chunk. An error that it throws fails the load. */
  onProgress?: (progress: LoadProgress) => void;
  /**
   * What happens to a row that can't be written. `'fail'` (default) fails the load. A function is called with each such row,
   * in the order of the rows of its chunk, and all others are written.
   */
  onRowError?: 'fail' | ((row: InferInsertModel<TTable>, index: number, error: LoadError) => void);
}

export const defaultChunkRows = 10_000;

interface Rule {
  test(given: unknown): boolean;
  readonly allowed: string;
}

const wholeNumber: Rule = {
  test: (given) => Number.isSafeInteger(given) && (given as number) >= 1,
  allowed: 'a whole number from 1',
};

const aFunction: Rule = { test: (given) => typeof given === 'function', allowed: 'a function' };

const rules: { readonly [Key in keyof LoadOptions]-?: Rule } = {
  onConflict: {
    test: (given) => given === 'error' || given === 'nothing' || isUpdate(given),
    allowed: "'error', 'nothing' or { update: { target, set } }",
  },
  chunkRows: wholeNumber,
  commitEvery: wholeNumber,
  signal: { test: (given) => given instanceof AbortSignal, allowed: 'an AbortSignal' },
  onProgress: aFunction,
  onRowError: {
    test: (given) => given === 'fail' || aFunction.test(given),
    allowed: "'fail' or a function",
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
 * Checks the arguments of `load()` without opening the source.
 *
 * @param isNested the load is part of a caller's transaction, which has its own COMMIT
 * @throws {BatchedDrizzleError} `BAD_OPTION`, with the argument, the given value and the allowed values
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
    if (value !== undefined && !rule.test(value)) throw bad(key, value, rule.allowed);
  }
  if (isNested && (options as LoadOptions).commitEvery !== undefined) {
    throw new BatchedDrizzleError(
      'BAD_OPTION',
      'load: commitEvery: not allowed in a transaction, which commits as a whole; use db.load()',
    );
  }
}

function bad(name: string, given: unknown, allowed: string): BatchedDrizzleError {
  const shown = typeof given === 'string' ? `'${given}'` : describeValue(given);
  return new BatchedDrizzleError('BAD_OPTION', `load: ${name}: got ${shown}; allowed: ${allowed}`);
}
