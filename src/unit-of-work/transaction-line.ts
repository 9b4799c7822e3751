/** The line in which the statements and the flushes of one transaction stand, whichever of its scopes they come from. */
import { InFlight } from './in-flight.ts';

/**
 * Statements begin in the order in which they were executed. A flush runs behind the flushes that began before it and
 * behind the statements that are on their way to the connection.
 *
 * Three things make the order hard. A statement must see every row that was queued before it, so flushes go ahead of it.
 * drizzle takes some promise jobs from `execute()` to the driver, and a flush that starts meanwhile is younger than the
 * statement and must not overtake it. And a statement waits one promise job to learn which inserts are awaited behind it.
 *
 * @example
 * const line = new TransactionLine();
 * line.flush(() => queue.take(), write);       // runs when the line has come to it
 * await line.statement([], () => select());    // runs when that flush has settled
 * await line.idle();
 */
export class TransactionLine {
  /** Settles when the last statement or flush of the line may begin. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Settles, and never rejects, when the last flush has settled. */
  #lastFlush: Promise<unknown> = Promise.resolve();
  /** Flushes that have not settled. */
  #flushes = 0;
  /** Statements that wait for their turn. */
  readonly #waiting = new InFlight();
  /** Statements that drizzle is taking to the connection. */
  readonly #underWay = new InFlight();

  /** Nothing waits, runs or is on its way. */
  get isIdle(): boolean {
    return this.#flushes === 0 && !this.#waiting.isAny && !this.#underWay.isAny;
  }

  /**
   * The turn of a statement that is executed now.
   *
   * @param ahead begin the flushes that the statement must see, when its turn has come
   * @returns settles when the statement may begin; `undefined` if it need not wait
   */
  enter(ahead: readonly (() => void)[]): Promise<unknown> | undefined {
    if (ahead.length === 0 && this.#flushes === 0 && !this.#waiting.isAny) return undefined;
    const turn = this.#turn.then(async () => {
      for (const flush of ahead) flush();
      if (this.#flushes > 0) await this.#lastFlush;
    });
    this.#turn = turn;
    return turn;
  }

  /** Runs a statement of the caller's when its turn has come. @param ahead as for `enter` */
  async statement<T>(ahead: readonly (() => void)[], run: () => Promise<T>): Promise<T> {
    const turn = this.enter(ahead);
    const began = this.#waiting.begin();
    // Awaiting nothing would let an insert that is made later in this turn of the event loop overtake the statement.
    if (turn) await turn;
    const settled = this.#underWay.begin();
    began();
    return run().finally(settled);
  }

  /** The connection has the oldest of the statements that are on their way. */
  sent(): void {
    this.#underWay.arrived();
  }

  /**
   * A flush that is asked for now.
   *
   * @param take called when its turn has come: a statement that was executed before may yet take a part of the queue
   * @param write called behind the flushes that have begun; must not reject
   */
  async flush<Taken, T>(take: () => Taken, write: (taken: Taken) => Promise<T>): Promise<T> {
    this.#flushes += 1;
    const turn = this.#turn.then(() => {
      const taken = take();
      return { written: this.#runCounted(() => write(taken)) };
    });
    this.#turn = turn;
    return (await turn).written;
  }

  /** Runs work behind the flushes that have begun and the statements that are on their way; others wait for it as for a flush. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.#flushes += 1;
    return this.#runCounted(work);
  }

  #runCounted<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastFlush.then(() => this.#underWay.allArrived()).then(work);
    const leave = (): void => {
      this.#flushes -= 1;
    };
    this.#lastFlush = done.then(leave, leave);
    return done;
  }

  /** Settles when nothing waits, runs or is on its way. */
  async idle(): Promise<void> {
    while (!this.isIdle) {
      await this.#turn;
      await this.#lastFlush;
      await this.#waiting.allArrived();
      await this.#underWay.allArrived();
    }
  }
}
