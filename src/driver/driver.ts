/** The one interface through which the passes speak to a database driver. */
import type { Answer, Statement } from './statement.ts';

export interface Driver {
  /** A value as the text that the client itself would send for a column of that type; throws where it can't. */
  serialize(value: unknown, typeOid: number): string;
  /** How the client writes a text or a number for a column of that type; `undefined` where as it is. */
  textWriter(typeOid: number): ((value: string | number) => string) | undefined;
  /** The client's own reading of an answer's text, or `undefined` where only an answer's row can be read. */
  parser(typeOid: number): ((text: string) => unknown) | undefined;
  /** Runs one statement on any connection, in a transaction of its own. */
  run(statement: Statement): Promise<Answer>;
  /** Takes a connection out of the pool and sends BEGIN; settles as soon as it is sent. */
  begin(): Promise<Connection>;
}

/** Who hears of the statements that the caller of a transaction sends. */
export interface StatementListener {
  /** One has been handed to the connection. */
  sent(): void;
  /** One has failed, whether or not its caller looks. */
  failed(error: Error): void;
}

/** A connection held for one transaction; it goes back to the pool by itself when the transaction has ended. */
export interface Connection {
  /** Settles when BEGIN is answered. */
  readonly begun: Promise<void>;
  readonly hasBegun: boolean;
  /** What ends the transaction has been written, and may have come to the server. */
  readonly hasFinished: boolean;
  /** Rejects when the connection is lost or BEGIN fails; never resolves. */
  readonly lost: Promise<never>;
  /** False once the transaction has ended or the connection is lost: nothing may be sent any more. */
  readonly isOpen: boolean;
  /** Statements leave in the order of the calls, without waiting for one another's answers. */
  send(statement: Statement): Promise<Answer>;
  /** Sends `copy … from stdin` and its data behind BEGIN's answer; other statements wait until it is answered. */
  copy(text: string, blocks: Iterable<Uint8Array>): Promise<Answer>;
  /** Asks the server to cancel the statement that is running; settles when the server has heard, never rejects. */
  cancel(): Promise<void>;
  /** Sends what ends the transaction; no statement of the caller's leaves behind it. */
  finish(statement: Statement): Promise<Answer>;
  /**
   * What drizzle takes for the client of a transaction: its statements go to this connection.
   */
  client(heard: StatementListener): unknown;
}
