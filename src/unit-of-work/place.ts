import type { Hearer } from '../take/promised.ts';

/** The places of a transaction, in order. */
export interface Places {
  /** The server has answered what has a place. */
  noteAnswer(): void;
  /** @returns whether a place may tell now; it has, then */
  admits(place: Place): boolean;
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

  constructor(private readonly places: Places) {}

  /** Tells a caller when his turn comes. */
  tell(hearer: Hearer): void {
    this.#answered();
    if (!this.#due && this.places.admits(this)) {
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

  /** Ends it with one caller. @returns settles when he may be told; `undefined` if he may be now */
  tellLast(): Promise<void> | undefined {
    this.#answered();
    const told = this.places.admits(this) ? undefined : new Promise<void>((hear) => this.tell({ hear }));
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
