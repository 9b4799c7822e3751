/** Counts statements and flushes from their call until they settle. */
export class UnderWay {
  #count = 0;
  #waiting: (() => void)[] | undefined;

  get isAny(): boolean {
    return this.#count > 0;
  }

  /** Settles when none is under way; `undefined` if none is. */
  idle(): Promise<void> | undefined {
    if (!this.isAny) return undefined;
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }

  /** @returns a promise of its own: a handler beside the caller's would hide from Node that he ignores the rejection */
  track<T>(running: Promise<T>): Promise<T> {
    this.#count += 1;
    return running.then(
      (value) => {
        this.#settle();
        return value;
      },
      (error) => {
        this.#settle();
        throw error;
      },
    );
  }

  #settle(): void {
    this.#count -= 1;
    if (this.isAny) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const resolve of waiting ?? []) resolve();
  }
}
