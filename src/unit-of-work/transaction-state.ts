import type { Connection } from '../driver/driver.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import type { Entry } from '../take/entry.ts';
import { TransactionLine } from './transaction-line.ts';

/** The queue of a transaction, or of a savepoint in it, as the other scopes see it. */
export interface Scope {
  /** Notes what is queued now; the returned function flushes it. `undefined` if nothing is queued. */
  queueAhead(named: ReadonlySet<Entry>): (() => void) | undefined;
}

/** What a transaction and its savepoints share. */
export class TransactionState {
  savepoints = 0;
  readonly line = new TransactionLine();
  readonly facts = new FactsScope();
  /** The scopes whose callbacks are running, the transaction's own first. */
  readonly open = new Set<Scope>();
  /** Something beside BEGIN has been sent for the caller: a refused flight can't be sent again without its knowledge. */
  hasWorked = false;

  constructor(
    public connection: Connection,
    /** Begins it anew: BEGIN on the same connection, or on another one if that one has gone back to the pool. */
    readonly restart: () => Promise<void>,
  ) {}
}
