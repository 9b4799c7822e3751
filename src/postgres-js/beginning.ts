/** Whether BEGIN has been answered, what was sent with it, and whether the connection is lost. */
export class Beginning {
  /** Settles when BEGIN is answered. */
  readonly begun: Promise<void>;
  /** Rejects when the connection is lost or BEGIN fails; never resolves. */
  readonly lost: Promise<never>;
  hasBegun = false;
  #isMarked: boolean;
  #begin!: () => void;
  #refuse!: (error: Error) => void;
  #lose!: (error: Error) => void;

  /** @param isMarked BEGIN was sent with the mark that guards depend on */
  constructor(isMarked: boolean) {
    this.#isMarked = isMarked;
    // Not by `Promise.race`, which costs each transaction four promises more.
    this.begun = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#refuse = reject;
    });
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.begun.catch(ignore);
    this.lost.catch(ignore);
  }

  begin(): void {
    this.hasBegun = true;
    this.#begin();
  }

  /** @returns whether the mark must be sent now; it is once, since BEGIN is answered before a savepoint can undo it */
  protected needsMark(): boolean {
    const needsMark = !this.#isMarked;
    this.#isMarked = true;
    return needsMark;
  }

  lose(error: Error): void {
    this.#refuse(error);
    this.#lose(error);
  }
}

function ignore(): void {}
