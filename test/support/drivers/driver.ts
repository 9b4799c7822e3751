import type { DrizzleConfig } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { BatchedDatabase, BatchedDrizzleConfig, BatchedTransaction } from '../../../src/index.ts';
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

/**
 * What the tests know of a driver.
 *
 * The databases are said to be those of postgres.js, so that a test need not name the driver's own types. Tests use
 * what the databases of all drivers have. What differs stands here.
 */
export interface TestDriver {
  readonly name: DriverName;

  connect(url: string, options: ClientOptions): Client;
  /** Ends a client. Connections that are still in use are closed after a second. */
  end(client: Client): Promise<void>;
  /**
   * Executes SQL without parameters on a client, without drizzle.
   *
   * @returns the rows of the last statement
   */
  query(client: Client, text: string): Promise<readonly Row[]>;

  drizzle<TSchema extends Schema = Record<string, never>>(
    client: Client,
    config?: DrizzleConfig<TSchema>,
  ): PostgresJsDatabase<TSchema>;
  batchedDrizzle<TSchema extends Schema = Record<string, never>>(
    client: Client,
    config?: BatchedDrizzleConfig<TSchema>,
  ): BatchedDatabase<TSchema>;
  /** Plain drizzle to compare ours with: it has the differences that are decided, and no other. */
  reference<TSchema extends Schema = Record<string, never>>(
    client: Client,
    config?: DrizzleConfig<TSchema>,
  ): PostgresJsDatabase<TSchema>;
  readonly BatchedDatabase: typeof BatchedDatabase;
  readonly BatchedTransaction: typeof BatchedTransaction;

  /** The class of an error of the server. */
  readonly DatabaseError: abstract new (
    ...args: never[]
  ) => Error & { readonly code: string };
  /** Its properties that name what the error is about. */
  readonly errorFields: readonly string[];

  /** The rows of a result of `execute()`. */
  rowsOf(result: unknown): readonly Row[];
  /** How many rows a statement without `returning()` has written. */
  countOf(result: unknown): number;
  /** A driver's result with what a program can compare of it. Other values are returned unchanged. */
  comparable(value: unknown): unknown;

  /** Clients by what they do, for a test's title. */
  readonly variants: Readonly<Record<string, ClientVariant>>;
  /** Options with serialisers and parsers, if drizzle writes and reads by those of the client. */
  readonly ownTypes?: object;
}
