/** Statements that drizzle has begun to execute and that have not reached the connection yet. */

/**
 * drizzle takes some promise jobs from `execute()` to the driver. A flush that is started in between is younger
 * than the statement, and must not overtake it.
 */
export class UnderWay {
  readonly #statements = new Set<object>();
  #waiting: (() => void)[] = [];

  get isAny(): boolean {
    return this.#statements.size > 0;
  }

  /** A statement begins; what comes back is to be called when it has settled, for one that sends nothing. */
  begin(): () => void {
    const statement = {};
    this.#statements.add(statement);
    return () => this.#leave(statement);
  }

  /** A statement has reached the connection; they do so in the order in which they began. */
  sent(): void {
    const [oldest] = this.#statements;
    if (oldest) this.#leave(oldest);
  }

  /** Settles when every statement that has begun is sent; nothing where none is under way. */
  allSent(): Promise<void> | undefined {
    if (this.#statements.size === 0) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #leave(statement: object): void {
    this.#statements.delete(statement);
    if (this.#statements.size > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
