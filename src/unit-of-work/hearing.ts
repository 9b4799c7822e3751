/** The order in which the callers of one transaction hear its answers. */
import { AsyncResource } from 'node:async_hooks';
import { behindPromiseJobs } from '../driver/event-loop.ts';
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
  /** How many of them wait for the server. */
  #unanswered = 0;
  /** Someone has been told, and may not have gone on yet; or what was called in this turn comes first. */
  #isGoingOn = false;
  /** Ends the pause between two that are told. */
  #release: (() => void) | undefined;
  #behindPause: (() => void)[] = [];
  #goOn: (() => void) | undefined;

  /** @param hold keeps what is sent until it is released */
  constructor(private readonly hold: () => (() => void) | undefined) {}

  /** A place behind all that have been taken. It must be ended. */
  take(): Place {
    this.#unanswered += 1;
    const place = new Place(this);
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

  /** Sends a statement, whose result is told in its place. */
  hear<T>(run: () => Promise<T>): Promise<T> {
    const place = this.take();
    return run().then(
      (value) => place.tellLast()?.then(() => value) ?? value,
      async (error) => {
        await place.tellLast();
        throw error;
      },
    );
  }

  /** Settles as if the answer to what was sent last were here already: in its place, behind the promise jobs of this turn. */
  answered(): Promise<void> {
    this.#isGoingOn = true;
    return this.take().wait();
  }

  /** Settles when everything has been told; `undefined` if it has. */
  allTold(): Promise<void> | undefined {
    return this.take().end();
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
    if (this.#isGoingOn || this.#places[0] !== place) return false;
    this.#isGoingOn = true;
    return true;
  }

  proceed(): void {
    for (let first = this.#places[0]; first?.isOver; first = this.#places[0]) {
      this.#places.shift();
      first.pass();
    }
    const [first] = this.#places;
    if (!first) this.#isGoingOn = false;
    else if (first.hasDue && !this.#release) this.#pause();
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
    this.#isGoingOn = this.#places[0]?.tellNext() === true;
    if (this.#isGoingOn) {
      this.proceed();
      behindPromiseJobs(this.#next());
      return;
    }
    this.#release?.();
    this.#release = undefined;
    const behind = this.#behindPause;
    this.#behindPause = [];
    for (const dispatch of behind) dispatch();
  }
}

function nothing(): void {}
