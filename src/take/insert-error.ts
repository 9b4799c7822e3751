/** The error of one caller's insert. */
import { DrizzleQueryError } from '../drizzle/exports.ts';
import { describeInsert } from '../drizzle/insert.ts';
import { commitLost, countRows } from '../errors.ts';
import type { Entry } from './entry.ts';

/** A caller's own insert: never another caller's values. */
export interface OwnInsert {
  /** The table as it is written in SQL, `"app"."users"`. */
  readonly table: string;
  /** Rows of this `values()` call. */
  readonly rows: number;
  /** The statement that plain drizzle would have sent; built only when it is read. */
  describe(): { readonly sql: string; readonly params: unknown[] };
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
export class BatchedInsertError extends DrizzleQueryError {
  /**
   * `OUTCOME_UNKNOWN` if the connection was lost while COMMIT was on its way: the rows may have been written.
   */
  readonly code: 'INSERT_FAILED' | 'OUTCOME_UNKNOWN';
  /** The table as it is written in SQL. */
  readonly table: string;
  /** Rows of the `values()` call. */
  readonly rows: number;
  /** Index of the failed row, from 0, if there are several and the database's detail identifies it. */
  readonly row: number | undefined;

  constructor(insert: OwnInsert, cause: Error, { row, isUnknown = false }: InsertFailure = {}) {
    super('', [], cause);
    this.name = 'BatchedInsertError';
    this.code = isUnknown ? 'OUTCOME_UNKNOWN' : 'INSERT_FAILED';
    this.table = insert.table;
    this.rows = insert.rows;
    this.row = row;
    const end = isUnknown ? 'has an unknown outcome' : 'failed';
    const isSaid = !isUnknown || cause.message.includes(commitLost);
    const why = isSaid ? cause.message : `${commitLost}: ${cause.message}`;
    const which = row === undefined ? '' : ` at row ${row + 1}`;
    this.message = `insert of ${countRows(insert.rows)} into ${insert.table} ${end}${which}: ${why}`;
    Error.captureStackTrace(this, BatchedInsertError);
    // Building the statement of a large insert is costly, and most handlers read only `cause`.
    Object.defineProperties(this, {
      query: { get: () => insert.describe().sql, enumerable: false, configurable: true },
      params: { get: () => insert.describe().params, enumerable: false, configurable: true },
    });
  }
}

interface InsertFailure {
  readonly row?: number | undefined;
  readonly isUnknown?: boolean;
}

export function ownInsert(entry: Entry): OwnInsert {
  return { table: entry.shape.name, rows: entry.count, describe: () => describeInsert(entry) };
}
