/** Whether BEGIN has been answered, and whether the connection is lost. */
export class Beginning {
  /** Settles when BEGIN is answered. */
  readonly begun: Promise<void>;
  /** Rejects when the connection is lost or BEGIN fails; never resolves. */
  readonly lost: Promise<never>;
  hasBegun = false;
  #begin!: () => void;
  #refuse!: (error: Error) => void;
  #lose!: (error: Error) => void;

  constructor() {
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

  lose(error: Error): void {
    this.#refuse(error);
    this.#lose(error);
  }
}

function ignore(): void {}
