/** The one interface through which the passes speak to a database driver. */
import type { DriverErrors } from './errors.ts';
import type { Answer, Statement } from './statement.ts';
import type { ValueEncoder } from './values.ts';

export interface Driver {
  /** Every statement with parameters is described before it is bound: one more round trip for each. */
  readonly describes: boolean;
  readonly values: ValueEncoder;
  readonly results: ResultMaker;
  readonly errors: DriverErrors;
  /** The client's own reading of an answer's text, or `undefined` if only a whole answer can be read. */
  parser(typeOid: number): ((text: string) => unknown) | undefined;
  /** Runs one statement on any connection, in a transaction of its own. */
  run(statement: Statement): Promise<Answer>;
  /** Takes a connection out of the pool and sends BEGIN; settles as soon as it is sent. */
  begin(): Promise<Connection>;
}

/** Makes a caller's result from an answer that several callers share. */
export interface ResultMaker {
  /** The driver's result of an INSERT without RETURNING that wrote `count` rows. */
  empty(answer: Answer, count: number): Answer;
  /** Rows as objects, as the driver gives them to `db.execute()`. */
  objects(answer: Answer, names: readonly string[], rows: readonly unknown[][]): Answer;
  /** The names of the answer's columns at these places. */
  columnNames(answer: Answer, places: readonly number[]): string[];
}

/** Follows the statements that the caller of a transaction sends. */
export interface StatementListener {
  /** A statement has been handed to the connection. */
  sent(): void;
  /** A statement has failed, whether or not its caller looks. */
  failed(error: Error): void;
}

/** A connection held for one transaction; it goes back to the pool by itself when the transaction has ended. */
export interface Connection {
  readonly errors: DriverErrors;
  /** Settles when BEGIN is answered. */
  readonly begun: Promise<void>;
  readonly hasBegun: boolean;
  /** COMMIT or ROLLBACK has been written, and may have reached the server. */
  readonly hasFinished: boolean;
  /** Rejects when the connection is lost or BEGIN fails; never resolves. */
  readonly lost: Promise<never>;
  /** False once the transaction has ended or the connection is lost: nothing may be sent any more. */
  readonly isOpen: boolean;
  /** Statements leave in the order of the calls, without waiting for one another's answers. */
  send(statement: Statement): Promise<Answer>;
  /** Sends `copy … from stdin` and its data behind BEGIN's answer; other statements wait until it is answered. */
  copy(text: string, blocks: Iterable<Uint8Array>): Promise<Answer>;
  /** Asks the server to cancel the running statement; settles when the server has the request, never rejects. */
  cancel(): Promise<void>;
  /** Sends COMMIT or ROLLBACK; no statement of the caller's leaves behind it. */
  finish(statement: Statement): Promise<Answer>;
  /** The object that drizzle uses as the client of a transaction: its statements go to this connection. */
  client(listener: StatementListener): unknown;
}
