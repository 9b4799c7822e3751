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

/** An answer of the driver: rows as arrays, with the count and command of PostgreSQL's tag. */
export interface Answer extends Array<unknown[]> {
  readonly count: number | null;
  readonly command: string;
}
