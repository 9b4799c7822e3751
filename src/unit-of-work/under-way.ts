/** Counts the flushes of a scope from their call until they settle. */
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

  track<T>(flushing: Promise<T>): Promise<T> {
    this.#count += 1;
    flushing.finally(() => {
      this.#count -= 1;
      if (this.isAny) return;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      for (const resolve of waiting ?? []) resolve();
    });
    return flushing;
  }
}
