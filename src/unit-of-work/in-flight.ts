/** What has begun and has not left: statements until they reach the next place on their way, or flushes until they settle. */
export class InFlight {
  /** In the order in which they began. They are mostly few, and a set would cost each transaction more. */
  readonly #begun: (() => void)[] = [];
  #waiting: (() => void)[] | undefined;

  get isAny(): boolean {
    return this.#begun.length > 0;
  }

  /** One begins. @returns a function to call when it has settled, also if it has left before */
  begin(): () => void {
    let hasLeft = false;
    const leave = (): void => {
      if (!hasLeft) this.#leave(leave);
      hasLeft = true;
    };
    this.#begun.push(leave);
    return leave;
  }

  /** Work begins, and leaves when it settles. It must not reject. */
  track<T>(work: Promise<T>): Promise<T> {
    work.finally(this.begin());
    return work;
  }

  /** The oldest has arrived. Statements arrive in the order in which they began. */
  arrived(): void {
    this.#begun[0]?.();
  }

  /** Settles when all that have begun have left; `undefined` if there is none. */
  allLeft(): Promise<void> | undefined {
    if (!this.isAny) return undefined;
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }

  #leave(one: () => void): void {
    // Thousands may be in flight, and `splice` would move all of them each time the first one leaves.
    if (this.#begun[0] === one) this.#begun.shift();
    else this.#begun.splice(this.#begun.indexOf(one), 1);
    if (this.isAny) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const resolve of waiting ?? []) resolve();
  }
}
