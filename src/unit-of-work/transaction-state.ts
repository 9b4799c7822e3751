import type { Connection } from '../driver/driver.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import type { Entry } from '../take/entry.ts';
import { TransactionLine } from './transaction-line.ts';

/** The queue of a transaction, or of a savepoint in it, as the other scopes see it. */
export interface Scope {
  /**
   * Remembers which rows are queued now, and returns a function that flushes them; `undefined` if there are
   * none.
   */
  queueAhead(named: ReadonlySet<Entry>): (() => void) | undefined;
  /** Rejects the queued rows, and all later ones. */
  close(reason: () => Error): void;
}

/** The entries that a statement refers to, if it refers to none. */
export const nothingNamed: ReadonlySet<Entry> = new Set();

/** The state that a transaction and its savepoints share. */
export class TransactionState {
  savepoints = 0;
  readonly line = new TransactionLine();
  readonly facts = new FactsScope();
  /** The scopes whose callbacks are running, first the transaction's own. */
  readonly open = new Set<Scope>();
  /**
   * A statement other than BEGIN has been sent for the caller. A refused flight can't be sent again then,
   * since that would need a new transaction.
   */
  hasWorked = false;

  constructor(
    public connection: Connection,
    /** Begins it again: BEGIN on the same connection, or on another one if that has returned to the pool. */
    readonly restart: () => Promise<void>,
  ) {}

  /** Functions that flush what is queued now. A statement sees the rows of all scopes of the transaction. */
  queuesAhead(named: ReadonlySet<Entry>): (() => void)[] {
    const ahead: (() => void)[] = [];
    for (const scope of this.open) {
      const flush = scope.queueAhead(named);
      if (flush) ahead.push(flush);
    }
    return ahead;
  }

  /** Settles when a statement of this library's own may begin, which depends on the answers to what is ahead. */
  enter(): Promise<unknown> | undefined {
    return this.line.enter(this.queuesAhead(nothingNamed), true);
  }

  /** Nothing of a nested transaction that still runs may be sent behind COMMIT or ROLLBACK. */
  close(reason: () => Error): void {
    for (const scope of this.open) scope.close(reason);
  }

  /** Runs a caller's statement. @param isRaw it may change what is known of tables */
  work<T>(isRaw: boolean, run: () => Promise<T>): Promise<T> {
    this.hasWorked = true;
    if (isRaw) this.facts.doubt();
    return run();
  }
}
