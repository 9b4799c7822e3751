import type { Hearer } from '../take/promised.ts';

/** The places of a transaction, in order. */
export interface Places {
  /** The server has answered the statement or flush of a place. */
  noteAnswer(): void;
  /** Lets a place tell now, if it may. @returns whether it may */
  claims(place: Place): boolean;
  /** Goes on to the oldest place that is not over. */
  proceed(): void;
}

/** The place of a statement, or of a flush, whose inserts are told one after another. */
export class Place {
  /** Those that wait to be told, if any. There may be many: `shift` would move the rest each time. */
  #due: Hearer[] | undefined;
  #told = 0;
  #isAnswered = false;
  #isEnded = false;
  #hasPassed = false;
  #passed: (() => void) | undefined;

  /** @param number how many have been taken, with this one */
  constructor(
    private readonly places: Places,
    readonly number: number,
  ) {}

  /** Tells a caller when his turn comes. */
  tell(hearer: Hearer): void {
    this.#answered();
    if (!this.#due && this.places.claims(this)) {
      hearer.hear();
      return;
    }
    this.#due ??= [];
    this.#due.push(hearer);
    this.places.proceed();
  }

  /** Nothing more is told here. @returns settles when everything up to here has been told; `undefined` if it has */
  end(): Promise<void> | undefined {
    this.#answered();
    this.#isEnded = true;
    this.places.proceed();
    if (this.#hasPassed) return undefined;
    return new Promise((resolve) => {
      this.#passed = resolve;
    });
  }

  /** Tells one caller, and ends the place. @returns settles when he may be told; `undefined` if he may be now */
  tellLast(): Promise<void> | undefined {
    this.#answered();
    if (!this.places.claims(this)) return this.wait();
    this.end();
    return undefined;
  }

  /** The same, behind whatever is told now. */
  wait(): Promise<void> {
    const told = new Promise<void>((hear) => this.tell({ hear }));
    this.#isEnded = true;
    this.places.proceed();
    return told;
  }

  #answered(): void {
    if (!this.#isAnswered) this.places.noteAnswer();
    this.#isAnswered = true;
  }

  get hasDue(): boolean {
    return this.#due !== undefined;
  }

  get isOver(): boolean {
    return this.#isEnded && !this.hasDue;
  }

  /** @returns whether someone waited to be told */
  tellNext(): boolean {
    const hearer = this.#due?.[this.#told++];
    if (this.#told === this.#due?.length) {
      this.#due = undefined;
      this.#told = 0;
    }
    hearer?.hear();
    return hearer !== undefined;
  }

  pass(): void {
    this.#hasPassed = true;
    this.#passed?.();
  }
}
