import type { Connection } from '../driver/driver.ts';
import type { FlushScope, FlushTarget } from '../flush/target.ts';
import type { Tell } from '../take/promised.ts';
import type { Closing } from './closing.ts';
import type { Place } from './place.ts';
import type { TransactionState } from './transaction-state.ts';

export interface PartsOfFlush {
  /** See `Passage`. */
  readonly left: () => void;
  /** The inserts are told in it. */
  readonly place: Place;
  /** See `FlushTarget`. */
  readonly failLate: (error: Error) => void;
}

/** A user's transaction as the target of a flush. */
export class TransactionTarget implements FlushTarget {
  readonly lockTimeout = undefined;
  readonly facts: FlushTarget['facts'];
  readonly restart: FlushTarget['restart'];
  readonly watch: FlushTarget['watch'];
  readonly closes: FlushTarget['closes'];
  readonly left: () => void;
  readonly ahead: FlushTarget['ahead'];
  readonly failLate: FlushTarget['failLate'];
  readonly tell: FlushTarget['tell'];
  readonly #state: TransactionState;

  constructor(
    state: TransactionState,
    readonly scope: FlushScope,
    { watch, closes }: Closing,
    { left, place, failLate }: PartsOfFlush,
  ) {
    this.#state = state;
    this.facts = state.facts;
    if (state.queued) this.failLate = failLate;
    if (scope === 'inside') this.ahead = state.queued?.ahead;
    this.watch = watch;
    const tell: Tell = (hearer) => place.tell(hearer);
    this.tell = tell;
    const leave = (): void => {
      state.hasWorked = true;
      left();
    };
    this.left = leave;
    if (scope === 'last') this.closes = closes;
    this.restart = state.hasWorked ? undefined : state.restart;
  }

  get connection(): Connection {
    return this.#state.connection;
  }

  /** See `TransactionState`. */
  get isPlain(): boolean {
    return this.#state.isPlain;
  }

  async connect(): Promise<Connection> {
    return this.connection;
  }

  readonly run: FlushTarget['run'] = (statement) => this.connection.send(statement);
}
