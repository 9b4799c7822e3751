/** The error of one caller's insert. */
import { errorParams } from '#version/drizzle/database';
import { DrizzleQueryError } from '../drizzle/exports.ts';
import { describeInsert } from '../drizzle/insert.ts';
import { QueryError } from '../drizzle/query-error.ts';
import { commitLost, countRows } from '../errors.ts';
import type { Entry } from './entry.ts';

interface DescribedInsert {
  readonly sql: string;
  readonly params: unknown[];
  /** The parameters, as far as drizzle's errors have them. */
  readonly errorParams: unknown[] | undefined;
}

/** A caller's own insert: never another caller's values. */
export interface OwnInsert {
  /** The table as it is written in SQL, `"app"."users"`. */
  readonly table: string;
  /** Rows of this `values()` call. */
  readonly rows: number;
  /** The statement that plain drizzle would have sent; built only when it is read. */
  describe(): DescribedInsert;
  /** Its `stack` shows the call of `values()`. Known only of inserts whose `await` may be over when they fail. */
  readonly call?: { readonly stack?: string } | undefined;
}

/**
 * An insert that failed: drizzle's own `DrizzleQueryError`, whose `cause` is the driver's error.
 *
 * The message names the table, the number of rows and the cause. Unlike drizzle's it never contains
 * parameters. `query` and `params` are those of the caller's own insert, also if it was sent together with
 * others.
 *
 * @example
 * try {
 *   await db.insert(users).values({ email: 'taken@example.com' });
 * } catch (error) {
 *   if (error instanceof DrizzleQueryError && error.cause?.code === '23505') …
 * }
 */
export class BatchedInsertError extends QueryError {
  static {
    QueryError.rename(BatchedInsertError, 'BatchedInsertError');
  }

  /** The table as it is written in SQL. */
  declare readonly table: string;
  /** Rows of the `values()` call. */
  declare readonly rows: number;
  /** Index of the failed row, from 0, if there are several and the database's detail identifies it. */
  declare readonly row: number | undefined;

  constructor(insert: OwnInsert, cause: Error, { row, isUnknown = false }: InsertFailure = {}) {
    const end = isUnknown ? 'has an unknown outcome' : 'failed';
    const isSaid = !isUnknown || cause.message.includes(commitLost);
    const why = isSaid ? cause.message : `${commitLost}: ${cause.message}`;
    const which = row === undefined ? '' : ` at row ${row + 1}`;
    super(`insert of ${countRows(insert.rows)} into ${insert.table} ${end}${which}: ${why}`, cause, {
      batchCode: isUnknown ? 'OUTCOME_UNKNOWN' : 'INSERT_FAILED',
      table: insert.table,
      rows: insert.rows,
      row,
    });
    const { stack } = insert.call ?? {};
    if (stack === undefined) Error.captureStackTrace(this, BatchedInsertError);
    else this.stack = `${DrizzleQueryError.name}: ${this.message}\n${stack.slice(stack.indexOf('\n') + 1)}`;
    this.describeBy(() => insert.describe());
  }
}

interface InsertFailure {
  readonly row?: number | undefined;
  readonly isUnknown?: boolean;
}

export function ownInsert(entry: Entry): OwnInsert {
  const { shape, count, late } = entry;
  return { table: shape.name, rows: count, describe: () => describeFailed(entry), call: late?.call };
}

function describeFailed(entry: Entry): DescribedInsert {
  const { sql, params } = describeInsert(entry);
  return { sql, params, errorParams: errorParams(entry.shape.dialect, params) };
}
