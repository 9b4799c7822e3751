/** Whether BEGIN has been answered, and whether the connection is lost. */
export class Beginning {
  /** Settles when BEGIN is answered. */
  readonly begun: Promise<void>;
  /** Rejects when the connection is lost or BEGIN fails; never resolves. */
  readonly lost: Promise<never>;
  hasBegun = false;
  #begin!: () => void;
  lose!: (error: Error) => void;

  constructor() {
    this.lost = new Promise((_, reject) => {
      this.lose = reject;
    });
    this.begun = Promise.race([
      new Promise<void>((resolve) => {
        this.#begin = resolve;
      }),
      this.lost,
    ]);
    for (const promise of [this.begun, this.lost]) promise.catch(() => {});
  }

  begin(): void {
    this.hasBegun = true;
    this.#begin();
  }
}
