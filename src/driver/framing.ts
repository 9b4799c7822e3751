/** How drizzle's own driver frames a transaction. Programs see it in the log, in errors and by the names of savepoints. */
export interface Framing {
  /** @param modes drizzle's modes as SQL; `undefined` if the program gave no config */
  begin(modes: string | undefined): string;
  /** A statement right behind BEGIN that sets the modes. */
  opening(modes: string | undefined): string | undefined;
  /** The name of a savepoint. @param depth 1 in a transaction itself @param number counted in the transaction, from 0 */
  savepoint(depth: number, number: number): string;
  /** BEGIN, COMMIT and ROLLBACK are statements of drizzle's: they are logged, and fail with a `DrizzleQueryError`. */
  readonly executesEnds: boolean;
  /** So are SAVEPOINT, its release and the way back to it. If not, a savepoint is not released. */
  readonly executesSavepoints: boolean;
  /**
   * A statement that was refused only because of an earlier failure (25P02) rejects the transaction with that failure, as in
   * postgres.js.
   */
  readonly hidesConsequences: boolean;
  /**
   * COMMIT is sent although a statement has failed whose error the callback ignored, and the transaction rejects with what
   * comes back.
   */
  readonly commitsFailed?: boolean;
}
