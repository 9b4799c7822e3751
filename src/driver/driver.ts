/** The interface between the passes and a database driver. No pass knows a driver by name. */
import type { Ending } from './ending.ts';
import type { DriverErrors } from './errors.ts';
import type { Framing } from './framing.ts';
import type { Answer, Statement } from './statement.ts';
import type { ValueEncoder } from './values.ts';

export interface Driver {
  /** Every statement with parameters is described before it is bound: one more round trip for each. */
  readonly describes: boolean;
  /** How many round trips plain drizzle takes for a statement with parameters. Absent if the server is in this process. */
  readonly plainTrips?: number;
  /** What leaves with a BEGIN that the server refuses is skipped by the server: nothing has to wait for BEGIN or be guarded. */
  readonly skipsUnbegun?: boolean;
  /** It writes to its socket in an immediate. If a flush begins in one, too, its bytes wait for the next. */
  readonly writesInImmediate: boolean;
  /** COPY leaves with its data, unless they depend on an answer. Otherwise the data wait until the server asks for them. */
  readonly copiesAhead?: boolean;
  readonly values: ValueEncoder;
  readonly results: ResultMaker;
  readonly errors: DriverErrors;
  readonly framing: Framing;
  /**
   * The client is one connection, which others may use meanwhile. A transaction may be open on it that is not this
   * library's. Or the program wants to see each insert as a statement of its own.
   */
  readonly isShared: boolean;
  /**
   * Whether the program has begun a transaction by a text of its own on the client's only connection, and not ended it.
   * Absent if the driver's connections tell it.
   *
   * @returns a promise only if the server has to be asked
   */
  isJoined?(): false | Promise<boolean>;
  /**
   * No pooler has been noticed between the client and the server. False before the first connection is up, and false if one
   * has introduced itself as a process that there can't be.
   */
  readonly isDirect: boolean;
  /**
   * The client's own parser for a type. `undefined` if the client can parse only whole answers, or if it
   * parses arrays of that type.
   */
  parser(typeOid: number): ((text: string) => unknown) | undefined;
  /** Runs one statement on any connection of the pool, in a transaction of its own. */
  run(statement: Statement): Promise<Answer>;
  /**
   * Takes a connection out of the pool and sends BEGIN. Settles as soon as BEGIN is sent, before it is
   * answered.
   *
   * @param text BEGIN itself, perhaps with modes; absent for a transaction that the program has not asked for
   * @param log is told of BEGIN and of COMMIT before they leave
   */
  begin(text?: string, log?: (text: string) => void): Promise<Connection>;
  /**
   * The client object by which drizzle sends one of its statements: in one round trip, where its values allow it. Absent if
   * drizzle's own way is one round trip.
   *
   * @param client the client object that drizzle would use: of the pool, or of a transaction
   */
  sender?(client: unknown, statement: SentStatement): unknown;
  /** The client is not ended before what begins here has settled. Absent if it ends at once in plain drizzle, too. */
  readonly ending?: Ending;
  /** What the server has told about types may hold no longer: a statement may have changed them. */
  forgetTypes(): void;
}

/** What is known of a statement of drizzle's before it is sent. */
export interface SentStatement {
  /** The types of the parameters as the schema names them. Read only if the server has not told them. */
  readonly types: readonly (string | undefined)[];
  /** A builder has made it. Raw SQL may change types, and where names are looked up. */
  readonly isBuilt: boolean;
  /** How it may leave before BEGIN has been answered; `undefined` if it may not. Read only if it would have to wait. */
  readonly ahead: Ahead | undefined;
}

/** A text of a statement that writes nothing if BEGIN fails. */
export interface Ahead {
  readonly text: string;
  /** A statement that the text depends on, and that goes before it. */
  readonly mark: Statement | undefined;
  /** A place in the text, which an error names, as a place in the statement's own text. Both count from 1. */
  ownPosition(position: number): number;
  /** Is told of the error, if the server refuses the text: perhaps for what only the text has. */
  refused?(error: Error): void;
}

/** Makes the result of one caller from an answer that several callers share. */
export interface ResultMaker {
  /** The driver's result of an INSERT without RETURNING that wrote `count` rows. */
  empty(answer: Answer, count: number): Answer;
  /**
   * The driver's result with rows as objects, as `db.execute()` returns them.
   *
   * @param type the type of columns that are not in the answer
   */
  objects(answer: Answer, names: readonly string[], rows: readonly unknown[][], type?: number): Answer;
  /** The names of the answer's columns at these places, counted from 0. */
  columnNames(answer: Answer, places: readonly number[]): string[];
}

/** Is called for the statements that the caller of a transaction sends. */
export interface StatementListener {
  /** A statement has been handed to the connection. */
  sent(): void;
  /** A statement has failed. Called also if its caller ignores the error. */
  failed(error: Error): void;
}

/** A connection held for one transaction. It returns to the pool by itself when the transaction has ended. */
export interface Connection {
  readonly errors: DriverErrors;
  /**
   * The program has begun the transaction itself, on the client's only connection. It is not committed or rolled back here,
   * and a statement that fails is the program's failure.
   */
  readonly isJoined?: boolean;
  /** No statement has been sent, and BEGIN is held back until one is. */
  readonly isUnopened: boolean;
  /** Settles when BEGIN is answered. */
  readonly begun: Promise<void>;
  readonly hasBegun: boolean;
  /**
   * A statement without a guard may leave: BEGIN has been answered, or the server skips what follows a BEGIN that it
   * refuses.
   */
  readonly mayFollow: boolean;
  /** COMMIT or ROLLBACK has been written to the socket, and may have reached the server. */
  readonly hasFinished: boolean;
  /** Rejects when the connection is lost or BEGIN fails; never resolves. */
  readonly lost: Promise<never>;
  /**
   * Whether the server refuses what is sent, since a statement has failed; `undefined` if that is not known. A rollback to a
   * savepoint mends it.
   */
  isFailed?(): Promise<boolean> | boolean | undefined;
  /** False once the transaction has ended or the connection is lost. Nothing can be sent then. */
  readonly isOpen: boolean;
  /** Statements leave in the order of the calls. None waits for the answer of the one before. */
  send(statement: Statement): Promise<Answer>;
  /** Sends `copy … from stdin`, and its data once BEGIN is answered. Later statements wait for its data. */
  copy(text: string, blocks: Iterable<Uint8Array>): Promise<Answer>;
  /**
   * Asks the server to cancel the running statement. Settles when the server has received the request; never
   * rejects.
   */
  cancel(): Promise<void>;
  /** Runs the callback of the transaction, so that the driver knows what is called inside. Absent if it need not know. */
  run?<T>(work: () => T): T;
  /**
   * A flush is due at the end of the turn, and what is sent before shall leave with it. Absent if nothing waits for an answer
   * to what left before.
   *
   * @returns to be called when the flush has begun
   */
  hold?(): () => void;
  /** Begins the transaction anew after its first flight was refused. */
  restart(): Promise<void>;
  /** Sends COMMIT or ROLLBACK. Statements that the caller sends afterwards are rejected. */
  finish(statement: Statement): Promise<Answer>;
  /** The client object that drizzle uses in a transaction: its statements go to this connection. */
  client(listener: StatementListener): unknown;
}
