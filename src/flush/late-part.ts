/** A part of the library that a program does not wait for when it imports the library. */
export class LatePart<TPart> {
  /** Set when it has been read. What needs it then need not wait. */
  read: TPart | undefined;
  #reading: Promise<TPart> | undefined;
  #isNeeded = false;

  constructor(private readonly load: () => Promise<TPart>) {}

  /** Something waits until it is read. What is called meanwhile may have to wait behind that. */
  get isAwaited(): boolean {
    return this.#isNeeded && !this.read;
  }

  /** Reads it, if that has not begun yet. */
  reading(): Promise<TPart> {
    this.#reading ??= this.load().then((part) => {
      this.read = part;
      return part;
    });
    return this.#reading;
  }

  /**
   * Runs work that needs the part: at once, if it has been read.
   *
   * @param failed makes the result if it can't be read. Default: that error is the result
   */
  use<T>(work: (part: TPart) => Promise<T>, failed?: (error: unknown) => T): Promise<T> {
    if (this.read) return work(this.read);
    this.#isNeeded = true;
    return this.reading().then(work, failed);
  }
}

export const sharing = new LatePart(() => import('./sharing.ts'));
