/** A part of the library that a program does not wait for when it imports the library. */
export class LatePart<TPart> {
  /** Set when it has been read. What needs it then need not wait. */
  read: TPart | undefined;
  #reading: Promise<TPart> | undefined;

  constructor(private readonly load: () => Promise<TPart>) {}

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
    return this.read ? work(this.read) : this.reading().then(work, failed);
  }
}

export const sharing = new LatePart(() => import('./sharing.ts'));
