import type { Sql } from 'postgres';
import type { Answer } from '../driver/statement.ts';

/** What this folder knows of a query that postgres.js has made. */
export interface Query extends Promise<Answer> {
  args: unknown[];
  parameters: unknown[] | undefined;
  handler: ((query: Query) => unknown) & { debug?: unknown };
  active: boolean;
  /** Asks the server to cancel it; settles when the server has heard. */
  canceller: ((query: Query) => Promise<unknown>) | null;
  /** The backend that it was written to; null where it never was. */
  state: object | null;
  describeFirst?: unknown;
  cursorFn?: unknown;
  /** Ours: data stand behind it, and nothing else may. */
  isCopy?: boolean;
  readonly strings: readonly string[];
  readonly executed: boolean;
  handle(): Promise<void>;
  execute(): Query;
  raw(): Query;
  values(): Query;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** What this folder knows of a connection of the pool. */
export interface PoolConnection {
  execute(query: Query): unknown;
  reserved: (() => void) | null;
  onclose: ((error: Error) => void) | null;
  terminate(): void;
}

export interface ClientOptions {
  readonly serializers: Record<number, ((value: unknown) => unknown) | undefined>;
  /** The array type of each type that the server was asked about. */
  readonly shared?: { readonly typeArrayMap?: Record<number, number | string> };
  readonly parsers: Record<number, (((text: string) => unknown) & { array?: boolean }) | undefined>;
  readonly transform?: { value?: { from?: unknown }; row?: { from?: unknown } };
  readonly debug?: unknown;
  readonly host?: string[];
  readonly path?: unknown;
  readonly max: number;
  socket?: unknown;
}

/** The client, which is a function too. */
export type Client = Sql & ((...args: unknown[]) => unknown);
