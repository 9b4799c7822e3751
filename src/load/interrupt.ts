/** What ends a load from outside: its caller's signal, or the loss of its connection. */
export class Interrupt {
  #reason: { readonly error: unknown } | undefined;
  readonly #listeners = new Set<(error: unknown) => void>();

  get isFired(): boolean {
    return this.#reason !== undefined;
  }

  /** The first reason stands. */
  fire(error: unknown): void {
    if (this.#reason) return;
    this.#reason = { error };
    for (const hear of this.#listeners) hear(error);
  }

  /** Calls `hear` when it is fired, at once where it has been. @returns what ends that */
  listen(hear: (error: unknown) => void): () => void {
    if (this.#reason) hear(this.#reason.error);
    else this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  throwIfFired(): void {
    if (this.#reason) throw this.#reason.error;
  }

  /**
   * Settles as the promise does, or rejects as soon as it is fired. `Promise.race` with a promise that lasts as long as the
   * load would keep everything that it has raced with.
   */
  race<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = this.listen(reject);
      promise.then(resolve, reject).then(forget);
    });
  }
}
