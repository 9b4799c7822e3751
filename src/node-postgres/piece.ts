/** One statement on its way to the server: a piece of a flight. */
import type { Query } from './internals.ts';
import type { Messages } from './messages.ts';

/** What a piece is to its transaction. */
export type Role = 'statement' | 'begin' | 'end';

export interface Piece {
  readonly role: Role;
  /** Reads the answer, and settles the promise of whoever sent the statement. */
  readonly query: Query;
  /**
   * Called before it leaves together with others.
   *
   * @returns `undefined` if a value can't be written: whoever sent it has been told then
   */
  messages(): Messages | undefined;
  /**
   * It ends a transaction of the library's own, so it is executed also if a piece ahead of it was refused: a Sync goes before
   * it. What the server skips up to there is not sent again, since its transaction is written otherwise.
   */
  readonly isFenced?: boolean | undefined;
  /** See `Statement.mayRepeat`. */
  readonly mayRepeat?: boolean | undefined;
  /** The data behind COPY. */
  readonly data?: CopyData | undefined;
  /** It has been handed to the socket. */
  readonly written?: (() => void) | undefined;
  /** The transaction that it belongs to. */
  readonly owner?: object | undefined;
}

/** Rows for COPY in blocks of bytes. */
export interface CopyData {
  readonly blocks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Nothing has to be answered before the first block is there. */
  readonly isReady: boolean;
  /** Is told why a block could not be made. */
  broken(error: Error): void;
}

/** A statement that shares no flight: a query of the caller's own making, or text that pg sends in the simple protocol. */
export interface Alone {
  readonly role: 'alone';
  readonly owner?: object | undefined;
  /** Sends it by pg itself. Settles when it is over, with whether the server is known to have refused it. */
  send(): Promise<boolean>;
  /** Rejects it without sending it. */
  refuse(error: Error): void;
}
