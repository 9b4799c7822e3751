/** The order in which the callers of one transaction hear its answers. */
import { AsyncResource } from 'node:async_hooks';
import { behindPromiseJobs } from '../driver/event-loop.ts';
import { codeOf } from '../errors.ts';
import { behindTicks } from '../take/schedule.ts';
import { Place, type Places } from './place.ts';

/**
 * A driver without a pipeline sends a statement when the one before it is answered. So whoever hears an answer goes on, through
 * any number of promise jobs, before the next one comes. Here many answers come together. So each is told behind the promise
 * jobs of the one before it, in the order of the statements. What is sent in response leaves together.
 *
 * @example
 * const first = hearing.take();
 * const second = hearing.take();
 * second.tell(two); // waits
 * first.tell(one);  // at once
 * first.end();      // the second is told behind the promise jobs that this began
 */
export class Hearing implements Places {
  /** Those that are not ended or have something left to tell, the oldest first. */
  readonly #places: Place[] = [];
  /** Where the first of them stands. There may be many: `shift` would move the rest each time. */
  #at = 0;
  /** How many of them wait for the server. */
  #unanswered = 0;
  /** How many places have been taken. */
  #taken = 0;
  /**
   * Set while someone who has been told may not have gone on yet, or while what was called in this turn comes first: the places up
   * to this number wait for that. Behind them is what he has sent since, whose answers come when he has gone on.
   */
  #waitingUpTo = 0;
  /** Ends the pause between two that are told. */
  #release: (() => void) | undefined;
  #behindPause: (() => void)[] = [];
  #goOn: (() => void) | undefined;

  /** @param hold keeps what is sent until it is released */
  constructor(private readonly hold: () => (() => void) | undefined) {}

  /** A place behind all that have been taken. It must be ended. */
  take(): Place {
    this.#unanswered += 1;
    this.#taken += 1;
    const place = new Place(this, this.#taken);
    this.#places.push(place);
    return place;
  }

  noteAnswer(): void {
    this.#unanswered -= 1;
  }

  /** Whether the server may still refuse something that was sent for a caller. */
  get isWaiting(): boolean {
    return this.#unanswered > 0;
  }

  /** Sends a statement, and has its answer told in its place. What is thrown before it is sent is no answer, and told at once. */
  hear<T>(run: () => Promise<T>): Promise<T> {
    const place = this.take();
    return run().then(
      (value) => place.tellLast()?.then(() => value) ?? value,
      async (error) => {
        if (isOfServer(error)) await place.tellLast();
        else place.end();
        throw error;
      },
    );
  }

  /** Settles as if the answer to what was sent last were here already: in its place, behind the promise jobs of this turn. */
  answered(): Promise<void> {
    const place = this.take();
    this.#goesOn();
    return place.wait();
  }

  /** Settles when everything has been told, and whoever heard it has gone on. */
  async allTold(): Promise<void> {
    await this.take().end();
    await new Promise<void>(behindPromiseJobs);
  }

  /** Runs `dispatch` behind the promise jobs of this turn, and those of the answers that are being told in it. */
  behindTicks(dispatch: () => void): void {
    behindTicks(() => {
      if (this.#release) this.#putOff(dispatch);
      else dispatch();
    });
  }

  /** It would run in the context of whoever is told last. `AsyncResource.bind` would define a deprecated property. */
  #putOff(dispatch: () => void): void {
    const resource = new AsyncResource('BatchedFlush');
    this.#behindPause.push(() => resource.runInAsyncScope(dispatch));
  }

  claims(place: Place): boolean {
    if (this.#first !== place || place.number <= this.#waitingUpTo) return false;
    this.#goesOn();
    return true;
  }

  #goesOn(): void {
    this.#waitingUpTo = this.#taken;
  }

  proceed(): void {
    for (let first = this.#first; first?.isOver; first = this.#first) {
      this.#at += 1;
      first.pass();
    }
    const first = this.#first;
    if (!first || this.#at >= manyPassed) {
      this.#places.splice(0, this.#at);
      this.#at = 0;
    }
    if (!first) this.#waitingUpTo = 0;
    else if (first.hasDue && !this.#release) this.#pause();
  }

  get #first(): Place | undefined {
    return this.#places[this.#at];
  }

  #pause(): void {
    this.#release = this.hold() ?? nothing;
    behindPromiseJobs(this.#next());
  }

  /** One function for all, since many may be told. */
  #next(): () => void {
    if (!this.#goOn) {
      // By way of a variable: V8 puts a literal that is assigned to a property among the old objects at once, and whatever it
      // reaches stays until a full collection.
      const goOn = (): void => this.#tellNext();
      this.#goOn = goOn;
    }
    return this.#goOn;
  }

  /** Tells the next one. The pause ends behind the promise jobs of the last. */
  #tellNext(): void {
    if (this.#first?.tellNext()) {
      this.#goesOn();
      this.proceed();
      behindPromiseJobs(this.#next());
      return;
    }
    this.#waitingUpTo = 0;
    this.#release?.();
    this.#release = undefined;
    const behind = this.#behindPause;
    this.#behindPause = [];
    for (const dispatch of behind) dispatch();
  }
}

/** An error with a SQLSTATE, or drizzle's error of one. */
function isOfServer(error: unknown): boolean {
  const code = codeOf(error) ?? codeOf((error as Error | undefined)?.cause);
  return code !== undefined && /^[\dA-Z]{5}$/.test(code);
}

/** So many places that are over are kept at most. */
const manyPassed = 1_024;

function nothing(): void {}
