/** Statements as the passes send them, and answers as they receive them. */

/**
 * A value that the driver itself turns into text, once the server has said which type the parameter has. So its statement is
 * described before it is bound: one round trip more.
 */
export class RawValue {
  constructor(readonly value: unknown) {}
}

/** The text that PostgreSQL reads, whose type the server infers or the statement's text casts; or a value without a text yet. */
export type StatementParam = string | null | RawValue;

export interface Statement {
  readonly text: string;
  readonly params: readonly StatementParam[];
  /** The parameters that drizzle's logger gets, if they are others. */
  readonly logged?: readonly unknown[] | undefined;
  /**
   * `raw`: cells as the bytes of the wire. `values`: cells as the client parses them. `cells`: the same, but a cell that the
   * client's parser refuses is `Unreadable`, since rows of several callers may be in the answer.
   */
  readonly answer: 'raw' | 'values' | 'cells';
  /**
   * It writes nothing outside the transaction of its flight. A statement without that guarantee waits for
   * BEGIN's answer.
   */
  readonly guarded: boolean;
  /** What its guard depends on: a statement that the transaction must have executed before it. */
  readonly mark?: Statement | undefined;
  /**
   * An INSERT of mere values. If the one before it has the same text, the server need not parse it again. With an expression
   * of the caller's it must, since the plan could be another one.
   */
  readonly mayRepeat?: boolean | undefined;
}

/** A statement's text and parameters. */
export type Written = Pick<Statement, 'text' | 'params'>;

/** Whether the statement is described before it is bound, also if the driver does not describe others. */
export function hasRawValues(statement: Statement): boolean {
  // To read its parameters would write it too early. Statements with raw values are written at once.
  if (statement instanceof LazyStatement) return false;
  return statement.params.some(isRaw);
}

export function isRaw(param: StatementParam): param is RawValue {
  return param instanceof RawValue;
}

/** The protocol counts parameters in 16 bits. postgres.js allows one less than that maximum. */
export const tooManyParams = 65_534;

/** A statement without parameters, whose answer has no rows. */
export function command(text: string): Statement {
  return { text, params: [], answer: 'values', guarded: true };
}

/**
 * A statement of many rows, written when it is sent. The server works on one while the client writes the
 * next, and the client keeps only one of them in memory.
 */
export class LazyStatement implements Statement {
  readonly answer = 'cells';
  readonly #write: () => Written;
  #written: Written | undefined;

  constructor(
    write: () => Written,
    readonly guarded: boolean,
    /** The size of its values, an estimate. */
    readonly bytes: number,
  ) {
    this.#write = write;
  }

  get text(): string {
    return this.#read().text;
  }

  get params(): Statement['params'] {
    return this.#read().params;
  }

  /** It has been sent: its text and parameters are freed, since they are not read again. */
  forget(): void {
    this.#written = undefined;
  }

  #read(): Written {
    this.#written ??= this.#write();
    return this.#written;
  }
}

/** A statement whose answer is needed as soon as it arrives, before the rest of its flight is answered. */
export class EagerStatement implements Statement {
  readonly text: string;
  readonly params: Statement['params'];
  readonly answer: Statement['answer'];
  readonly guarded: boolean;
  /** Settles like the statement. Never settles if the statement is not sent. */
  readonly answered: Promise<Answer>;
  #follow: (answer: Promise<Answer>) => void = () => {};

  constructor({ text, params, answer, guarded }: Statement) {
    this.text = text;
    this.params = params;
    this.answer = answer;
    this.guarded = guarded;
    this.answered = new Promise((resolve) => {
      this.#follow = resolve;
    });
    // Whoever reads the flight sees its error. Nobody need wait for the answer itself.
    this.answered.catch(() => {});
  }

  follow(answer: Promise<Answer>): void {
    this.#follow(answer);
  }
}

/** `COPY … FROM STDIN`, whose rows are encoded as fast as the server takes them. */
export class CopyStatement implements Statement {
  readonly params = [];
  readonly answer = 'values';
  /** No row leaves before BEGIN is answered. */
  readonly guarded = true;

  constructor(
    readonly text: string,
    readonly blocks: () => AsyncIterable<Uint8Array>,
    /** Nothing has to be answered before the first block is there. */
    readonly isReady: boolean,
  ) {}
}

/** An answer of the driver: rows as arrays, with the count and the command of PostgreSQL's command tag. */
export interface Answer extends Array<unknown[]> {
  readonly count: number | null;
  readonly command: string;
}
