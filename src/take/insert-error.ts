/** The error of one caller's insert: never with another caller's values. */
import { DrizzleQueryError } from '../drizzle/exports.ts';
import { describeInsert } from '../drizzle/insert.ts';
import { commitLost, countRows } from '../errors.ts';
import type { Entry } from './entry.ts';

/** What a caller's own insert was: never another caller's values. */
export interface OwnInsert {
  /** The table as it is written in SQL, `"app"."users"`. */
  readonly table: string;
  /** Rows of this `values()` call. */
  readonly rows: number;
  /** The statement plain drizzle would have sent; built only when somebody looks. */
  describe(): { readonly sql: string; readonly params: unknown[] };
}

/**
 * An insert that failed: drizzle's own `DrizzleQueryError`, whose `cause` is the driver's error.
 *
 * The message names the table, the rows and the cause; unlike drizzle's it never spells out parameters.
 * `query` and `params` are those of the caller's own insert.
 *
 * @example
 * try {
 *   await db.insert(users).values({ email: 'taken@example.com' });
 * } catch (error) {
 *   if (error instanceof DrizzleQueryError && error.cause?.code === '23505') …
 * }
 */
export class BatchedInsertError extends DrizzleQueryError {
  /** `OUTCOME_UNKNOWN` where the connection was lost while COMMIT was on its way: the rows may stand. */
  readonly code: 'INSERT_FAILED' | 'OUTCOME_UNKNOWN';
  readonly table: string;
  readonly rows: number;
  /** Which of the rows it was, from 0, where there are several and the database's detail names one of them. */
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
    // Building the statement of a large insert is costly, and most handlers look at `cause` alone.
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

/** The insert that a caller knows as its own. */
export function ownInsert(entry: Entry): OwnInsert {
  return { table: entry.shape.name, rows: entry.count, describe: () => describeInsert(entry) };
}
