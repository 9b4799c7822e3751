import type { Ahead } from '../ahead/ahead.ts';
import type { Connection } from '../driver/driver.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import type { FactsScope } from '../facts/facts-scope.ts';
import type { Tell } from '../take/promised.ts';

/**
 * - `inside`: a flush inside a user's transaction. A later insert may name its rows by `ref()`.
 * - `last`: the last flush of a user's transaction. COMMIT travels with its last flight.
 * - `own`: a transaction that the library opened for the flush. No entry is settled before COMMIT is answered.
 */
export type FlushScope = 'inside' | 'last' | 'own';

/** Where a batch is written. */
export interface FlushTarget {
  readonly scope: FlushScope;
  /** The connection of the transaction, if one is open. */
  readonly connection: Connection | undefined;
  /** Opens the transaction if none is open. */
  connect(): Promise<Connection>;
  /** Sends one statement that needs no transaction of its own. */
  run(statement: Statement): Promise<Answer>;
  /** Begins the transaction again after its first flight was refused. Absent after any later step. */
  restart: (() => Promise<void>) | undefined;
  /** Is given a promise that settles when the cache is done with the entries of a flight. */
  readonly watch?: ((notified: Promise<unknown>) => void) | undefined;
  /**
   * Asked right before COMMIT leaves. Nothing enters the transaction afterwards. False if something has entered it during
   * the flush, or may still do so; the flush leaves it open then. Absent if nothing else can enter.
   */
  readonly closes?: (() => Promise<boolean>) | undefined;
  /** Is told that the flush has sent all that it will ever send. What comes next need not wait for its answers. */
  readonly left?: (() => void) | undefined;
  /** What is asked behind own statements, so that later inserts can be answered before they are written. */
  readonly ahead?: Ahead | undefined;
  /**
   * Is told why an entry failed whose caller does not await it any more, before any entry is rejected. If present, a failure
   * must be the error of the one entry that caused it.
   */
  readonly failLate?: ((error: Error) => void) | undefined;
  /** Tells the callers of a transaction one after another. Absent if they are not of one transaction. */
  readonly tell?: Tell | undefined;
  /** The longest time that a flight waits for a lock. `undefined` if the user's own setting applies. */
  readonly lockTimeout: string | undefined;
  readonly facts: FactsScope;
}
