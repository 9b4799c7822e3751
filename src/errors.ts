import { DrizzleQueryError } from 'drizzle-orm';

/** Stable codes of the errors that this library itself raises; PostgreSQL's own are on `cause.code`. */
export type ErrorCode =
  | 'BAD_OPTION'
  | 'BAD_REFERENCE'
  | 'FACTS_CHANGED'
  | 'FLUSH_FAILED'
  | 'INSERT_FAILED'
  | 'LOAD_FAILED'
  | 'MISMATCHED_ANSWER'
  | 'OUTCOME_UNKNOWN'
  | 'TRANSACTION_ENDED'
  | 'TRANSACTION_NOT_COMMITTED'
  | 'UNSUPPORTED_CLIENT';

/** Anything this library reports on its own account, with a stable `code`. */
export class BatchedDrizzleError extends Error {
  override readonly name: string = 'BatchedDrizzleError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

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
    const fate = isUnknown ? 'has an unknown outcome' : 'failed';
    const isSaid = !isUnknown || cause.message.includes(commitLost);
    const why = isSaid ? cause.message : `${commitLost}: ${cause.message}`;
    const which = row === undefined ? '' : ` at row ${row + 1}`;
    this.message = `insert of ${countRows(insert.rows)} into ${insert.table} ${fate}${which}: ${why}`;
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

/** Why nobody can tell whether rows were written. */
export const commitLost = 'the connection was lost after COMMIT was sent and before it was answered';

/** A column whose mapping gives undefined for a value, which the driver can't send; the code is the driver's. */
export class UndefinedValueError extends Error {
  readonly code = 'UNDEFINED_VALUE';

  constructor(column: string) {
    super(`column "${column}": its mapping gave undefined for a value`);
  }
}

/** What went wrong in a flush, by table: codes and counts, no values. */
export interface TableFailure {
  readonly table: string;
  readonly rows: number;
  /** SQLSTATE of the database, or the driver's code; `undefined` where the error has none. */
  readonly code: string | undefined;
}

/**
 * `flush()` could not write everything; `cause` is the first error, without the statement's parameters. On a database,
 * which many may share, it has the code, table and constraint, and no more.
 */
export class FlushError extends BatchedDrizzleError {
  override readonly name = 'FlushError';

  constructor(
    readonly failures: readonly TableFailure[],
    cause: Error,
    isUnknown = false,
  ) {
    const rows = countRows(failures.reduce((sum, failure) => sum + failure.rows, 0));
    const tables = failures.map(({ table, code }) => `${table} (${code ?? 'no code'})`).join(', ');
    super(
      isUnknown ? 'OUTCOME_UNKNOWN' : 'FLUSH_FAILED',
      isUnknown
        ? `flush has an unknown outcome, ${commitLost}: ${rows} of ${tables}`
        : `flush failed: ${rows} not written to ${tables}`,
      { cause },
    );
  }
}

export function countRows(rows: number): string {
  return rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`;
}

/** The code of a driver's error, an SQLSTATE where the database answered. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
