import type { Sql } from 'postgres';
import type { SentStatement } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';

/** The members of a postgres.js query that this folder uses. */
export interface Query extends Promise<Answer> {
  args: unknown[];
  parameters: unknown[] | undefined;
  handler: ((query: Query) => unknown) & { debug?: unknown };
  active: boolean;
  /** Asks the server to cancel it. Settles when the server has received the request. */
  canceller: ((query: Query) => Promise<unknown>) | null;
  /** The backend that it was written to; null if it never was. */
  state: object | null;
  describeFirst?: unknown;
  /** False once the server has parsed it. */
  parsing?: boolean;
  /** It is not to be parsed as the unnamed statement. */
  prepare?: boolean;
  /** The connection knows it by a name, so that it is not parsed again. */
  prepared?: boolean;
  /** The error of a statement that the connection knew by a name, and that is sent once more: perhaps its result has changed. */
  retried?: unknown;
  /** What the server has told of it. */
  statement: { readonly string: string; types: readonly number[]; readonly columns?: unknown } | null;
  cursorFn?: unknown;
  /** Set by this folder: it leaves without its description. */
  readonly isBound?: boolean;
  /** Set by this folder: makes it leave so, if the server has told its types meanwhile. */
  bindIfKnown?: () => boolean;
  /** Set by this folder: is told of an error of a caller's statement. */
  failed?: (error: Error) => void;
  /** Set by this folder: what is known of a statement of drizzle's. */
  sent?: SentStatement;
  /** Set by this folder: its errors and results show this text, and not the one that is sent. */
  ownText?: string | undefined;
  /** Set by this folder: see `Statement.mayRepeat`. */
  readonly mayRepeat?: boolean | undefined;
  /** Set by this folder: it is executed by the statement that the server has parsed for another one. */
  isRepeat?: boolean;
  /** Set by this folder: data follow it, and no statement may come between. */
  isCopy?: boolean;
  strings: { readonly length: number; readonly 0?: string };
  /** Its text, as its errors show it. Set when it is written. */
  string?: string;
  options: { readonly prepare?: unknown; readonly onexecute?: unknown };
  readonly executed: boolean;
  handle(): Promise<void>;
  execute(): Query;
  raw(): Query;
  values(): Query;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** The members of a pool connection that this folder uses. */
export interface PoolConnection {
  execute(query: Query): unknown;
  /** Opens a new session for the query. */
  connect(query: Query): unknown;
  /** `release` is false if this library holds the connection. */
  reserved: ((() => void) & { release?: boolean }) | null;
  onclose: ((error: Error) => void) | null;
  terminate(): void;
  /** The queue of the pool that it stands in. */
  queue: { remove(connection: PoolConnection): unknown; push(connection: PoolConnection): unknown };
}

export interface ClientOptions {
  readonly serializers: Record<number, ((value: unknown) => unknown) | undefined>;
  /** The array type of each type that the server was asked about. */
  readonly shared?: { readonly typeArrayMap?: Record<number, number | string> };
  readonly parsers: Record<number, (((text: string) => unknown) & { array?: boolean }) | undefined>;
  readonly transform?: { undefined?: unknown; value?: { from?: unknown }; row?: { from?: unknown } };
  readonly debug?: unknown;
  readonly max: number;
  readonly max_pipeline: number;
}

/** The client, which is also a function. */
export type Client = Sql & ((...args: unknown[]) => unknown);
