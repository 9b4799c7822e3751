import type { Connection } from '../driver/driver.ts';
import type { FactsCache } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import { UnderWay } from './under-way.ts';

/** The queue of a transaction, or of a savepoint in it, as the others see it. */
export interface Scope {
  /** Takes what is queued now; what comes back flushes it. Nothing where nothing is queued. */
  queueAhead(named: ReadonlySet<Entry>): (() => void) | undefined;
}

/** What a transaction and its savepoints share. */
export class TransactionState {
  savepoints = 0;
  /** Flushes run one after the other; settles, and never rejects, when the last one has. */
  tail: Promise<unknown> = Promise.resolve();
  /** Statements begin in the order in which they were executed; settles when the last one may. */
  line: Promise<unknown> = Promise.resolve();
  /** Flushes that have not settled. */
  flushes = 0;
  /** The scopes whose callbacks are running, the transaction's own first. */
  readonly open = new Set<Scope>();
  readonly facts: FactsCache = new WeakMap();
  /** Statements that wait for a flush before them. */
  readonly waiting = new UnderWay();
  /** Statements that drizzle is taking to the connection. */
  readonly underWay = new UnderWay();
  /** Something beside BEGIN has been sent for the caller: what failed can't be sent again behind his back. */
  hasWorked = false;
  /** Raw SQL may have changed `search_path`, the role or a table since the facts were last seen to hold. */
  isUnconfirmed = false;

  constructor(
    public connection: Connection,
    /** Begins it anew: BEGIN on the same connection, or on another where that one has gone back to the pool. */
    readonly restart: () => Promise<void>,
  ) {}
}
