/** The order of the statements and the flushes of one transaction, from all of its scopes. */
import { InFlight } from './in-flight.ts';

/** The way of a flush through the line. */
export interface Passage {
  /** To be called when the flush has sent all that it will ever send. */
  left(): void;
  /** Settles when the flushes before it are answered; `undefined` if none is under way. */
  readonly answered: Promise<unknown> | undefined;
}

const settled: Promise<unknown> = Promise.resolve();

/**
 * Statements begin in the order in which they were executed. A flush waits for the flushes that began before it to leave,
 * and for the statements that are on their way to the connection.
 *
 * Three things make the order hard:
 * - A statement must see every row that was queued before it, so flushes go before it.
 * - drizzle takes some promise jobs from `execute()` to the driver. A flush that starts meanwhile is younger
 *   than the statement, and must not overtake it.
 * - A statement waits two promise jobs, to learn which inserts are awaited after it.
 *
 * @example
 * const line = new TransactionLine();
 * line.flush(() => queue.take(), write);       // runs when its turn comes
 * await line.statement([], () => select());    // runs when that flush has left
 * await line.idle();
 */
export class TransactionLine {
  /** Settles when the last statement or flush may begin. */
  #turn: Promise<unknown> = settled;
  /** Settles when the last flush has left, and what comes next may leave too; never rejects. */
  #lastLeft: Promise<unknown> = settled;
  /** Settles when every flush has settled; never rejects. */
  #allSettled: Promise<unknown> = settled;
  /** The number of flushes that have not left. */
  #leaving = 0;
  /** The number of flushes that have not settled. */
  #flushes = 0;
  /** Statements that wait for their turn. */
  readonly #waiting = new InFlight();
  /** Statements between drizzle's `execute()` and the connection. */
  readonly #underWay = new InFlight();

  /** No statement or flush waits, runs or is on its way. */
  get isIdle(): boolean {
    return this.#flushes === 0 && !this.#waiting.isAny && !this.#underWay.isAny;
  }

  /** One flush runs, and nothing waits or is on its way. */
  get isAlone(): boolean {
    return this.#flushes === 1 && !this.#waiting.isAny && !this.#underWay.isAny;
  }

  /**
   * The turn of a statement that is executed now.
   *
   * @param ahead functions that begin the flushes that the statement must see; called when its turn comes
   * @param needsAnswers it depends on the answers to the flushes before it
   * @returns settles when the statement may begin; `undefined` if it need not wait
   */
  enter(ahead: readonly (() => void)[], needsAnswers = false): Promise<unknown> | undefined {
    // What needs answers is no statement of drizzle's, and has a shorter way to the connection than those under way.
    const isLeft = needsAnswers ? this.#flushes === 0 && !this.#underWay.isAny : this.#leaving === 0;
    if (ahead.length === 0 && isLeft && !this.#waiting.isAny) return undefined;
    const turn = this.#turn.then(async () => {
      // A statement with a `then()` of the program's own, or a savepoint of postgres.js, is executed at the call: one promise
      // job before `Promise.all` awaits the inserts that were made with it.
      if (ahead.length > 0) await undefined;
      for (const flush of ahead) flush();
      if (needsAnswers && this.#flushes > 0) await this.#allSettled;
      else if (this.#leaving > 0) await this.#lastLeft;
      if (needsAnswers) await this.#underWay.allLeft();
    });
    this.#turn = turn;
    return turn;
  }

  /** Runs a caller's statement when its turn comes. @param ahead, needsAnswers as for `enter` */
  statement<T>(ahead: readonly (() => void)[], run: () => Promise<T>, needsAnswers = false): Promise<T> {
    const turn = this.enter(ahead, needsAnswers);
    // To wait without need would let an insert that is made later in this turn overtake the statement.
    return turn ? this.#behind(turn, () => this.#run(run)) : this.#run(run);
  }

  /** Runs what a caller's statement does before it is sent, if ever. Nothing waits for it. @param ahead, needsAnswers as for `enter` */
  inTurn<T>(ahead: readonly (() => void)[], run: () => Promise<T>, needsAnswers = false): Promise<T> {
    const turn = this.enter(ahead, needsAnswers);
    return turn ? this.#behind(turn, run) : run();
  }

  #behind<T>(turn: Promise<unknown>, run: () => Promise<T>): Promise<T> {
    const began = this.#waiting.begin();
    return turn.then(() => {
      began();
      return run();
    });
  }

  #run<T>(run: () => Promise<T>): Promise<T> {
    const arrived = this.#underWay.begin();
    // A handler beside the caller's would hide from Node that he ignores the rejection.
    return run().then(
      (value) => {
        arrived();
        return value;
      },
      (error) => {
        arrived();
        throw error;
      },
    );
  }

  /** The connection has received the oldest statement that is on its way. */
  sent(): void {
    this.#underWay.arrived();
  }

  /**
   * A flush that is requested now.
   *
   * @param take called when its turn comes, since an earlier statement may take a part of the queue before
   * @param write as for `run`
   */
  async flush<Taken, T>(
    take: () => Taken,
    write: (taken: Taken, passage: Passage) => Promise<T>,
  ): Promise<T> {
    this.#flushes += 1;
    this.#leaving += 1;
    const turn = this.#turn.then(() => {
      const taken = take();
      return { written: this.#runCounted((passage) => write(taken, passage)) };
    });
    this.#turn = turn;
    return (await turn).written;
  }

  /**
   * Runs work behind the flushes that have begun and the statements on their way. Others wait for it as for a flush.
   *
   * @param work must not reject
   */
  run<T>(work: (passage: Passage) => Promise<T>): Promise<T> {
    this.#flushes += 1;
    this.#leaving += 1;
    return this.#runCounted(work);
  }

  #runCounted<T>(work: (passage: Passage) => Promise<T>): Promise<T> {
    const ahead = this.#lastLeft;
    const answered = this.#flushes === 1 ? undefined : this.#allSettled;
    let left = (): void => {};
    this.#lastLeft = new Promise<void>((resolve) => {
      left = resolve;
    }).then(() => {
      this.#leaving -= 1;
    });
    const done = ahead.then(() => this.#underWay.allLeft()).then(() => work({ left, answered }));
    const settle = (): void => {
      left();
      this.#flushes -= 1;
    };
    this.#allSettled = Promise.all([this.#allSettled, done.then(settle, settle)]);
    return done;
  }

  /** Settles when every flush that has begun is answered; never rejects. */
  get answered(): Promise<unknown> {
    return this.#allSettled;
  }

  /** Settles when no statement or flush waits, runs or is on its way. */
  async idle(): Promise<void> {
    while (!this.isIdle) {
      await this.#turn;
      await this.#allSettled;
      await this.#waiting.allLeft();
      await this.#underWay.allLeft();
    }
  }
}
