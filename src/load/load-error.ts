import { asError, BatchedDrizzleError, commitLost, countRows } from '../errors.ts';

/** Where a load failed, and with which row. */
export interface FailedRow {
  /** Which row of the source, from 0. */
  readonly index: number;
  readonly row: unknown;
  /** The property of the table object, `userId`, where the column is known. */
  readonly column?: string | undefined;
}

/**
 * A load that failed, or a row of it that was set aside. `cause` is the database's error, or what went wrong before the row
 * was sent.
 *
 * The message names the table, the row, the column and why; `row` and `value` are not enumerable, so that logs do not leak
 * them.
 *
 * @example
 * try {
 *   await db.load(users, readRows('users.csv'));
 * } catch (error) {
 *   if (error instanceof LoadError) console.error(error.index, error.column, error.message);
 * }
 */
export class LoadError extends BatchedDrizzleError {
  override readonly name = 'LoadError';
  /** The table as it is written in SQL, `"app"."users"`. */
  readonly table: string;
  /** Which row of the source, from 0; `undefined` where the failure is nobody's in particular. */
  readonly index: number | undefined;
  /** The property of the table object, `userId`, where the column is known. */
  readonly column: string | undefined;
  /** Rows of the source that had been dealt with in transactions that are committed: with `commitEvery` they stand. */
  readonly committed: number;
  /** The row as the source gave it. */
  declare readonly row: unknown;
  /** The row's value for the column, where that is known. */
  declare readonly value: unknown;

  constructor(table: string, cause: unknown, failed?: FailedRow, committed = 0) {
    const isUnknown = failed === undefined && cause instanceof Error && isCommitLost(cause);
    super(
      isUnknown ? 'OUTCOME_UNKNOWN' : 'LOAD_FAILED',
      `load into ${table} ${isUnknown ? 'has an unknown outcome' : 'failed'}${placeOf(failed)}: ${asError(cause).message}${committedRows(committed)}`,
      { cause },
    );
    this.table = table;
    this.index = failed?.index;
    this.column = failed?.column;
    this.committed = committed;
    const { row, column } = failed ?? {};
    const value = column === undefined ? undefined : (row as Record<string, unknown> | undefined)?.[column];
    for (const [key, hidden] of Object.entries({ row, value })) {
      Object.defineProperty(this, key, { value: hidden, enumerable: false });
    }
  }

  /** The same error of a load of which some rows are committed. */
  behind(committed: number): LoadError {
    if (committed === 0) return this;
    const { table, cause, index, row, column } = this;
    return new LoadError(table, cause, index === undefined ? undefined : { index, row, column }, committed);
  }
}

/** `commit()` adds these words to the error of a COMMIT whose answer was lost, and to no other. */
function isCommitLost(error: Error): boolean {
  return error.message.includes(commitLost);
}

function placeOf(failed: FailedRow | undefined): string {
  if (!failed) return '';
  const column = failed.column === undefined ? '' : `, column "${failed.column}"`;
  return ` at row ${(failed.index + 1).toLocaleString('en')} (index ${failed.index})${column}`;
}

function committedRows(committed: number): string {
  return committed === 0 ? '' : `; ${countRows(committed)} had been committed before`;
}
