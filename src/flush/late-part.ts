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
}

export const sharing = new LatePart(() => import('./sharing.ts'));
