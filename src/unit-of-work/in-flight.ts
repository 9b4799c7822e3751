/** Statements that have begun, and have not yet reached the next place on their way to the connection. */
export class InFlight {
  /** In the order in which they began. They are mostly few, and a set would cost each transaction more. */
  readonly #statements: (() => void)[] = [];
  #waiting: (() => void)[] | undefined;

  get isAny(): boolean {
    return this.#statements.length > 0;
  }

  /** A statement begins. @returns a function to call when it has settled, in case it sent nothing */
  begin(): () => void {
    let hasLeft = false;
    const leave = (): void => {
      if (!hasLeft) this.#leave(leave);
      hasLeft = true;
    };
    this.#statements.push(leave);
    return leave;
  }

  /** The oldest statement has arrived. Statements arrive in the order in which they began. */
  arrived(): void {
    this.#statements[0]?.();
  }

  /** Settles when every statement that has begun has arrived; `undefined` if there is none. */
  allArrived(): Promise<void> | undefined {
    if (!this.isAny) return undefined;
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }

  #leave(statement: () => void): void {
    // Thousands may be in flight, and `splice` would move all of them each time the first one leaves.
    if (this.#statements[0] === statement) this.#statements.shift();
    else this.#statements.splice(this.#statements.indexOf(statement), 1);
    if (this.isAny) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const resolve of waiting ?? []) resolve();
  }
}
