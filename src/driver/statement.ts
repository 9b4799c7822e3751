/** What the passes hand to the network, and what comes back. */

export interface Statement {
  readonly text: string;
  /** Every parameter as the text PostgreSQL reads; the server infers or is told the type in the text. */
  readonly params: readonly (string | null)[];
  /** `raw` answers in the bytes of the wire, `values` in the client's parsed values. */
  readonly answer: 'raw' | 'values';
  /** Writes nothing outside the transaction of its flight; what can't be sure of that waits for BEGIN's answer. */
  readonly guarded: boolean;
}

/** A statement's words and values. */
export type Written = Pick<Statement, 'text' | 'params'>;

/** A statement without parameters, whose answer has no rows of interest. */
export function command(text: string): Statement {
  return { text, params: [], answer: 'values', guarded: true };
}

/**
 * A statement of many rows, written when it is sent: the server works on one while the next is written, and none is kept
 * for the sake of another.
 */
export class LazyStatement implements Statement {
  readonly answer = 'values';
  readonly #write: () => Written;
  #written: Written | undefined;

  constructor(
    write: () => Written,
    readonly guarded: boolean,
    /** Of its values, an estimate. */
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

  /** It has been sent, and nobody reads it again. */
  forget(): void {
    this.#written = undefined;
  }

  #read(): Written {
    this.#written ??= this.#write();
    return this.#written;
  }
}

/** A statement whose answer is wanted as soon as it comes, ahead of the rest of its flight. */
export class EagerStatement implements Statement {
  readonly text: string;
  readonly params: Statement['params'];
  readonly answer: Statement['answer'];
  readonly guarded: boolean;
  /** Settles as the statement does; never where it is not sent. */
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
  }

  follow(answer: Promise<Answer>): void {
    this.#follow(answer);
  }
}

/** `COPY … FROM STDIN`, whose rows are made as the server takes them. */
export class CopyStatement implements Statement {
  readonly params = [];
  readonly answer = 'values';
  /** No row leaves before BEGIN has been answered. */
  readonly guarded = true;

  constructor(
    readonly text: string,
    readonly blocks: () => AsyncIterable<Uint8Array>,
  ) {}
}

/** An answer of the driver: rows as arrays, with the count and command of PostgreSQL's tag. */
export interface Answer extends Array<unknown[]> {
  readonly count: number | null;
  readonly command: string;
}
