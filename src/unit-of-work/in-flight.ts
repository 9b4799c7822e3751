/** Statements that have begun, and have not yet reached the next place on their way to the connection. */
export class InFlight {
  readonly #statements = new Set<() => void>();
  #waiting: (() => void)[] = [];

  get isAny(): boolean {
    return this.#statements.size > 0;
  }

  /** A statement begins. @returns a function to call when it has settled, in case it sent nothing */
  begin(): () => void {
    const leave = (): void => this.#leave(leave);
    this.#statements.add(leave);
    return leave;
  }

  /** The oldest statement has arrived. Statements arrive in the order in which they began. */
  arrived(): void {
    const [oldest] = this.#statements;
    oldest?.();
  }

  /** Settles when every statement that has begun has arrived; `undefined` if there is none. */
  allArrived(): Promise<void> | undefined {
    if (this.#statements.size === 0) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #leave(statement: () => void): void {
    this.#statements.delete(statement);
    if (this.#statements.size > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
