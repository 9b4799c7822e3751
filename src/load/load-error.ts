import { asError, BatchedDrizzleError, commitLost, countRows } from '../errors.ts';

/** The row with which a load failed. */
export interface FailedRow {
  /** The row's index in the source, from 0. */
  readonly index: number;
  readonly row: unknown;
  /** The property of the table object, `userId`, if the column is known. */
  readonly column?: string | undefined;
}

/** The reader of `keys()` left the loop before their end. */
export class KeysLeft extends Error {
  override readonly name = 'KeysLeft';

  /** @param cause what was thrown into the iterator */
  constructor(cause?: unknown) {
    super('its keys were not read to the end', cause === undefined ? {} : { cause });
  }
}

/**
 * A load that failed, or a row that was set aside. `cause` is the database's error, or an error from before the row was
 * sent.
 *
 * The message names the table, the row, the column and the reason. `row` and `value` are not enumerable, so that logs do
 * not leak them.
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
  /** The row's index in the source, from 0; `undefined` if the failure belongs to no single row. */
  readonly index: number | undefined;
  /** The property of the table object, `userId`, if the column is known. */
  readonly column: string | undefined;
  /** Rows of the source that belong to committed transactions, with `commitEvery`. */
  readonly committed: number;
  /** The row as the source gave it. */
  declare readonly row: unknown;
  /** The row's value for the column, if the column is known. */
  declare readonly value: unknown;

  constructor(table: string, cause: unknown, failed?: FailedRow, committed = 0) {
    const code = failed ? 'LOAD_FAILED' : codeFor(cause);
    super(
      code,
      `load into ${table} ${outcomes[code]}${placeOf(failed)}: ${asError(cause).message}${committedRows(committed)}`,
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

  /** The same error with the number of committed rows. */
  behind(committed: number): LoadError {
    if (committed === 0) return this;
    const { table, cause, index, row, column } = this;
    return new LoadError(table, cause, index === undefined ? undefined : { index, row, column }, committed);
  }
}

const outcomes = {
  LOAD_FAILED: 'failed',
  LOAD_STOPPED: 'was stopped',
  OUTCOME_UNKNOWN: 'has an unknown outcome',
} as const;

function codeFor(cause: unknown): keyof typeof outcomes {
  if (cause instanceof KeysLeft) return 'LOAD_STOPPED';
  return cause instanceof Error && hasLostCommit(cause) ? 'OUTCOME_UNKNOWN' : 'LOAD_FAILED';
}

/** `commit()` adds these words only to the error of a COMMIT whose answer was lost. */
function hasLostCommit(error: Error): boolean {
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
