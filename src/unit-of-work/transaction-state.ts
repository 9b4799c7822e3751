import type { Connection } from '../driver/driver.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import type { Entry } from '../take/entry.ts';
import { Hearing } from './hearing.ts';
import { nothingNamed, type StatementEffect } from './own-statement.ts';
import type { QueuedAwaits } from './queued-awaits.ts';
import { TransactionLine } from './transaction-line.ts';

/** The queue of a transaction, or of a savepoint in it, as the other scopes see it. */
export interface Scope {
  /**
   * Remembers which rows are queued now, and returns a function that flushes them; `undefined` if there are
   * none.
   *
   * @param before only those of earlier calls
   */
  queueAhead(named: ReadonlySet<Entry>, before?: number): (() => void) | undefined;
  /** Something of it has failed. A savepoint of the program's own may have mended that. */
  readonly hasFailed: boolean;
  /** Flushes the rows that are queued now, behind what was called before. */
  flushUnasked(): void;
  /** Rejects the queued rows, and all later ones. */
  close(reason: () => Error): void;
}

/** The number of a call in the queue of a scope. */
export interface CallOf {
  readonly scope: Scope;
  readonly call: number;
}

/** The state that a transaction and its savepoints share. */
export class TransactionState {
  savepoints = 0;
  readonly line = new TransactionLine();
  readonly hearing = new Hearing(() => this.connection.hold?.());
  readonly facts = new FactsScope();
  /** The scopes whose callbacks are running, first the transaction's own. */
  readonly open = new Set<Scope>();
  /**
   * A statement other than BEGIN has been sent for the caller. A refused flight can't be sent again then,
   * since that would need a new transaction.
   */
  hasWorked = false;
  /** Answers inserts when they are queued, if that is asked for. */
  queued: QueuedAwaits | undefined;
  /** Why an insert failed whose caller had its answer before. What is awaited afterwards fails because of it. */
  lateFailure: Error | undefined;
  /** Nested transactions that are about to begin. */
  nesting = 0;

  /** Nothing but BEGIN and COMMIT makes the transaction: it has no modes of its own. */
  isPlain = true;

  constructor(
    public connection: Connection,
    /** Begins it again: BEGIN on the same connection, or on another one if that has returned to the pool. */
    readonly restart: () => Promise<void>,
  ) {}

  /**
   * Functions that flush what is queued now. A statement sees the rows of all scopes of the transaction.
   *
   * @param before what was called later in its scope is not flushed
   */
  queuesAhead(named: ReadonlySet<Entry>, before?: CallOf): (() => void)[] {
    const ahead: (() => void)[] = [];
    for (const scope of this.open) {
      const flush = scope.queueAhead(named, before?.scope === scope ? before.call : undefined);
      if (flush) ahead.push(flush);
    }
    return ahead;
  }

  /** Runs a savepoint's command behind all that was called before. @param needsAnswers as for `TransactionLine.enter` */
  inTurn<T>(run: () => Promise<T>, needsAnswers = false): Promise<T> {
    return this.line.inTurn(this.queuesAhead(nothingNamed), run, needsAnswers);
  }

  /** Settles when a statement of this library's own may begin, which depends on the answers to what is ahead. */
  enter(): Promise<unknown> | undefined {
    return this.line.enter(this.queuesAhead(nothingNamed), true);
  }

  /** Nothing of a nested transaction that still runs may be sent behind COMMIT or ROLLBACK. */
  close(reason: () => Error): void {
    for (const scope of this.open) scope.close(reason);
  }

  /** Whether nothing is nested in a scope. Rows of an outer scope and of an inner one must not wait beside each other. */
  isInnermost(scope: Scope): boolean {
    let last: Scope | undefined;
    for (const open of this.open) last = open;
    return this.nesting === 0 && last === scope;
  }

  /** Whether the server may refuse what is sent now: something has failed, or is not answered. */
  get mayFail(): boolean {
    for (const scope of this.open) if (scope.hasFailed) return true;
    return this.hearing.isWaiting;
  }

  /** Begins to write what waits in the other scopes. */
  writeOthers(scope: Scope): void {
    for (const open of this.open) if (open !== scope) open.flushUnasked();
  }

  /** A flush has taken entries out of a queue, and leaves when its turn comes. */
  taken(entries: readonly Entry[]): readonly Entry[] {
    this.queued?.takes(entries);
    return entries;
  }

  /** What is known ahead may end with a statement that is executed now. */
  noteEffect(effect: StatementEffect): void {
    if (effect !== 'reads') this.queued?.ahead.forget();
  }

  /** Runs a caller's statement. */
  work<T>(effect: StatementEffect, run: () => Promise<T>): Promise<T> {
    this.hasWorked = true;
    if (effect === 'anything') this.facts.doubt();
    this.noteEffect(effect);
    return run();
  }
}
