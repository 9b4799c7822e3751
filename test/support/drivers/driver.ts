import type { Socket } from 'node:net';
import type { DrizzleConfig } from 'drizzle-orm';
import type { MigrationConfig } from 'drizzle-orm/migrator';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { RowList } from 'postgres';
import type { Driver } from '../../../src/driver/driver.ts';
import type { BatchedDatabase, BatchedDrizzleConfig, BatchedTransaction } from '../../../src/index.ts';
import type { HoldPoint } from '../fault-relay.ts';
import type { DriverName } from './names.ts';

declare const kind: unique symbol;

/** A client of the driver under test. Only `TestDriver` can use it. */
export interface Client {
  readonly [kind]: 'client';
}

/** The options of a client. They have postgres.js's names; another driver has its own for the same. */
export interface ClientOptions {
  /** The most connections. */
  readonly max?: number;
  /** Settings that each connection starts with. */
  readonly connection?: Readonly<Record<string, string | number>>;
  /** Seconds to wait before a lost connection is opened again. A driver that never waits ignores it. */
  readonly backoff?: () => number;
  /** The most statements that are sent ahead of an answer. A driver that sends none ahead ignores it. */
  readonly max_pipeline?: number;
  /** Sees the socket of each connection. */
  readonly onSocket?: (socket: Socket) => void;
  /** Sees the text of each statement that is sent. */
  readonly debug?: (connection: number, text: string) => void;
  /** Options by the driver's own names, as `TestDriver` has them for some clients. */
  readonly own?: object;
}

/** A client with options of its own, which change how values are written or read. */
export interface ClientVariant {
  readonly options: ClientOptions;
  /** Whether statements can have `undefined` for a value. */
  readonly takesUndefined: boolean;
}

type Schema = Record<string, unknown>;
export type Row = Record<string, unknown>;

export interface PlainDrizzle {
  <TSchema extends Schema = Record<string, never>>(
    client: Client,
    config?: DrizzleConfig<TSchema>,
  ): PostgresJsDatabase<TSchema>;
  mock<TSchema extends Schema = Record<string, never>>(
    config?: DrizzleConfig<TSchema>,
  ): PostgresJsDatabase<TSchema>;
}

export interface Batched {
  <TSchema extends Schema = Record<string, never>>(
    client: Client,
    config?: BatchedDrizzleConfig<TSchema>,
  ): BatchedDatabase<TSchema> & { $client: Client };
  mock<TSchema extends Schema = Record<string, never>>(
    config?: BatchedDrizzleConfig<TSchema>,
  ): BatchedDatabase<TSchema>;
}

/**
 * What the tests know of a driver.
 *
 * The databases are said to be those of postgres.js, so that a test need not name the driver's own types. Tests use
 * what the databases of all drivers have. What differs stands here.
 */
export interface TestDriver {
  readonly name: DriverName;

  connect(url: string, options: ClientOptions): Client;
  /** A client none of whose connections opens, for this error. */
  failing(error: () => Error): Client;
  /** Ends a client. Connections that are still in use are closed after a second, or after `timeout` seconds. */
  end(client: Client, timeout?: number): Promise<void>;
  /** The client's own way to end, which may wait for what is under way. */
  close(client: Client): Promise<void>;
  /**
   * Executes SQL without parameters on a client, without drizzle.
   *
   * @returns the rows of the last statement
   */
  query(client: Client, text: string): Promise<readonly Row[]>;
  /** A client that ends refuses those who wait for a connection. pg's pool never answers them, in plain drizzle neither. */
  readonly refusesWaiting: boolean;
  /** The library's own driver of a client. */
  driverOf(client: Client): Driver;
  /** A message of the start of a connection, before the first statement of whoever uses it. */
  readonly start: HoldPoint;
  /** Settles when the client knows that a connection of its is gone. */
  closed(client: Client): Promise<unknown>;
  /** Keeps one connection of the client busy until the returned function is called. */
  hold(client: Client): Promise<() => Promise<unknown>>;

  readonly drizzle: PlainDrizzle;
  readonly batchedDrizzle: Batched;
  /** Plain drizzle to compare ours with: it has the differences that are decided, and no other. */
  reference<TSchema extends Schema = Record<string, never>>(
    client: Client,
    config?: DrizzleConfig<TSchema>,
  ): PostgresJsDatabase<TSchema>;
  /** A URL as drizzle takes it among options, in `connection`. */
  connectionOf(url: string): object;
  /** The host that a client connects to. */
  hostOf(client: Client): unknown;
  /** As much of a client as a program's tests may have. */
  mockClient(): Client;
  /** drizzle's own classes. */
  readonly Database: abstract new (
    ...args: never[]
  ) => object;
  readonly Transaction: abstract new (...args: never[]) => object;
  /** drizzle's migrator for this driver. */
  migrate(db: object, config: MigrationConfig): Promise<void>;
  readonly BatchedDatabase: typeof BatchedDatabase;
  readonly BatchedTransaction: typeof BatchedTransaction;

  /** The driver has the server describe each text with parameters, and writes values by the types that it tells. */
  readonly describes: boolean;
  /** A boolean, a number and the like are sent with a type of their own, which the column may not take. */
  readonly declaresTypes: boolean;
  /** The client sends statements before earlier ones are answered. */
  readonly sendsAhead: boolean;
  /** How many round trips a statement with parameters is on plain drizzle. */
  readonly plainTrips: number;
  /** How many round trips more a COPY takes whose rows wait for no answer. */
  readonly tripsOfCopy: number;
  /** How many round trips more a transaction of the program takes if a statement is refused that others were sent behind. */
  readonly tripsOfRefusal: number;
  /** How many round trips BEGIN takes before a statement that cannot carry a guard. */
  readonly tripsOfBegin: number;
  /** How many locks of its own a savepoint that was written in keeps until the transaction ends. */
  readonly locksOfSavepoint: number;
  /** The statements that begin a transaction with these modes. */
  begin(modes: string): string[];
  /**
   * What a flight has against a BEGIN that is refused: a mark in BEGIN's message, and a guard in an INSERT without RETURNING
   * and in one with it. None if the server skips what follows such a BEGIN.
   */
  readonly guard: {
    readonly isMarked: boolean;
    readonly begin: string;
    readonly alone: string;
    readonly behind: string;
  };
  /**
   * A raw `commit` ends the transaction and gives the connection back. Else the callback keeps it, and what it sends later
   * commits by itself, as in plain drizzle.
   */
  readonly endsAtRawCommit: boolean;
  /** A prepared statement has its name on the server. Behind a pooler another session may have it, or none. */
  readonly namesStatements: boolean;
  /** COMMIT is known to have failed if a pooler passes on that the server's process was ended before it. */
  readonly knowsKilled: boolean;
  /** The rows of a COPY, and what follows, leave before the server asks for them. */
  readonly copyTravels: boolean;
  /**
   * If the server ends a session, its error answers the statement that it had come to. So a COMMIT behind that one is known not
   * to have run. Else the outcome of a COMMIT that was sent is unknown.
   */
  readonly endOfSessionIsAnswer: boolean;
  /** The first words of the statements around a transaction that drizzle's logger does not see. */
  readonly unlogged: readonly string[];
  /** Results have the text of their statement. */
  readonly resultsHaveStatement: boolean;
  /** `load()` writes the value otherwise than an INSERT into a column of that type. */
  isLoadedOtherwise(value: unknown, sqlType: string): boolean;
  /**
   * Objects of classes that are sent as plain drizzle sends them. Others differ on a driver that sends objects as JSON: an object
   * is sent as its text if a copy of it would have another text.
   */
  readonly ofClasses: readonly object[];
  /** A value that the driver refuses to send, which names a Symbol. */
  readonly unsendable: unknown;
  /** A value for raw SQL that the driver fails to write with a `TypeError`: when it knows the type, if it asks for that. */
  readonly unwritable: unknown;
  /** A value whose text is made by `text` when the driver writes it. */
  writtenBy(text: () => string): unknown;

  /** The class of an error of the server. */
  readonly DatabaseError: abstract new (
    ...args: never[]
  ) => Error & { readonly code: string };
  /** Whether an error says that the client has ended. */
  saysEnded(error: unknown): boolean;
  /** Its properties that name what the error is about. */
  readonly errorFields: readonly string[];
  /** Fields of an error of the server by postgres.js's names, by the names that this driver gives them. */
  errorOf(fields: Row): Row;

  /**
   * The error of the server in that of `transaction()`, if what failed shows only at COMMIT or RELEASE. drizzle wraps it,
   * or not.
   *
   * @throws if it is not wrapped as drizzle wraps it
   */
  unwrapped(error: Error, query: RegExp): Error & Record<string, unknown>;
  /** What failed in a savepoint, from the server's error of its release. */
  causeOfRelease(error: Error): unknown;

  /** The rows of a result of `execute()`. */
  rowsOf<TRows extends readonly Row[]>(result: RowList<TRows>): TRows;
  rowsOf(result: unknown): readonly Row[];
  /** How many rows a statement without `returning()` has written. */
  countOf(result: unknown): number;
  /** A result without `returning()` as a program can see it. */
  describeResult(result: unknown): unknown;
  /** A driver's result with what a program can compare of it. Other values are returned unchanged. */
  comparable(value: unknown): unknown;

  /**
   * Options of a client that hand to `note` what it does with a `numeric`, and the names by which they do so: `serialize`,
   * `parse`, and `debug` for each statement with its parameters.
   */
  noting(note: <T>(hook: string, value: T) => T): {
    readonly own: object;
    readonly hooks: readonly string[];
  };
  /** Options by the driver's own names that change what a client sends, by what such a client does. */
  readonly senders: Readonly<Record<string, object>>;
  /** The same that change what a program sees of statements and answers. */
  readonly otherOptions: Readonly<Record<string, object>>;
  /** Options of its own for a client behind a pooler, by what the client does. */
  readonly poolerOptions: Readonly<Record<string, object>>;
  /** Clients by what they do, for a test's title. */
  readonly variants: Readonly<Record<string, ClientVariant>>;
  /** Options with serialisers and parsers, if drizzle writes and reads by those of the client. */
  readonly ownTypes?: object;
}
