/** Ends a load from outside: the caller's signal, or the loss of the connection. */
export class Interrupt {
  #reason: { readonly error: unknown } | undefined;
  readonly #listeners = new Set<(error: unknown) => void>();

  get isFired(): boolean {
    return this.#reason !== undefined;
  }

  /** Only the first call counts. */
  fire(error: unknown): void {
    if (this.#reason) return;
    this.#reason = { error };
    for (const listener of this.#listeners) listener(error);
  }

  /** Calls the listener when the interrupt fires, or at once if it has. @returns a function that removes the listener */
  listen(listener: (error: unknown) => void): () => void {
    if (this.#reason) listener(this.#reason.error);
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  throwIfFired(): void {
    if (this.#reason) throw this.#reason.error;
  }

  /**
   * Settles as the promise does, or rejects as soon as the interrupt fires. `Promise.race` with a promise as long as the load
   * would keep every other promise of the race in memory.
   */
  race<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = this.listen(reject);
      promise.then(resolve, reject).then(forget);
    });
  }
}
