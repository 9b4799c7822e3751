/** The members of node-postgres that this folder uses, as they are from version 8.2 on and in Neon's driver. */
import type { EventEmitter } from 'node:events';

/** pg's own query: it knows how to write values, and how to read rows. */
export interface Query {
  callback: ((error: Error | null, result?: Result) => void) | undefined;
  binary?: boolean;
  readonly _result: Result;
  submit(connection: Wire): unknown;
  /** Writes Parse, Bind, Describe, Execute and Sync or Flush. */
  prepare(connection: Wire): void;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Wire): void;
  handleEmptyQuery(connection: Wire): void;
  handleError(error: Error, connection: Wire): void;
  handleReadyForQuery(connection: Wire): void;
}

export interface QueryConfig {
  readonly text: string;
  readonly name?: string | undefined;
  readonly values?: readonly unknown[];
  readonly rowMode?: string | undefined;
  readonly types?: Types | undefined;
}

export type QueryClass = new (
  config: QueryConfig,
  values?: readonly unknown[],
  callback?: Query['callback'],
) => Query;

export interface Types {
  getTypeParser(oid: number, format: string): (text: string) => unknown;
}

export interface Field {
  readonly name: string;
}

export interface Result {
  command: string | null;
  rowCount: number | null;
  oid: number | null;
  rows: unknown[];
  fields: Field[];
}

/** The messages that a connection writes. */
export interface Wire {
  parse(message: ParseMessage): void;
  bind(message: BindMessage): void;
  describe(message: object): void;
  execute(message: object): void;
  sync(): void;
  flush(): void;
  /** The names of statements that it has parsed, with their texts. */
  readonly parsedStatements: Readonly<Record<string, string>>;
}

export interface ParseMessage {
  readonly text: string;
  readonly name?: string | undefined;
  readonly types?: unknown;
}

export interface BindMessage {
  readonly portal?: string;
  readonly statement?: string | undefined;
  readonly values?: readonly unknown[] | undefined;
  readonly binary?: boolean | undefined;
  readonly valueMapper?: ((value: unknown, index: number) => unknown) | undefined;
}

export interface Connection extends Wire, EventEmitter {
  readonly stream: Stream;
  readonly ssl?: unknown;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  /** Sends a text by the simple protocol. */
  query(text: string): void;
  cancel(processId: number, secretKey: number): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** The streams of some runtimes lack `cork`. */
export interface Stream extends EventEmitter {
  cork?(): void;
  uncork?(): void;
  destroy(error?: Error): void;
  readonly writable: boolean;
  readonly writableNeedDrain?: boolean;
}

export interface Client extends EventEmitter {
  readonly connection: Connection;
  readonly host?: string;
  readonly port?: number;
  readonly processID?: number | null;
  readonly secretKey?: number | null;
  readonly binary?: boolean;
  readonly pipeline?: boolean;
  /** The query that gets the server's messages; `activeQuery` in versions before 8.22. */
  _activeQuery?: object | null;
  activeQuery?: object | null;
  readyForQuery?: boolean;
  query(submittable: object, values?: unknown): unknown;
  /** False once the connection is lost. */
  readonly _queryable?: boolean;
  readonly _ending?: boolean;
  /** Queries that wait; `queryQueue` in versions before 8.22. */
  readonly _queryQueue?: readonly object[];
  readonly queryQueue?: readonly object[];
  /** Of a client that a pool has given out. */
  release?(error?: Error | boolean): void;
  getTransactionStatus?(): string | null;
}

export interface ClientClass {
  new (config?: object): Client;
  readonly Query: QueryClass;
}

export interface Pool {
  readonly options: { readonly max?: number };
  readonly Client: ClientClass;
  readonly totalCount: number;
  connect(callback: (error: unknown, client: Client | undefined) => void): void;
  connect(): Promise<Client>;
  query(config: QueryConfig, values: readonly unknown[]): Promise<Result>;
  /** Serves those who wait for a client. */
  _pulseQueue?(): void;
}

export function isPool(client: object): client is Pool {
  return 'totalCount' in client && 'idleCount' in client;
}

/** Whether a program has put a method of its own in the place of the pool's: plain drizzle calls that one without a callback. */
export function hasOwnConnect(pool: Pool): boolean {
  return pool.connect !== basePool(pool)?.connect;
}

const poolsOwn = new WeakSet<Pool['query']>();

/**
 * The same for `query()`. A tracer replaces the one of the class itself. Only its source tells that from pg's. Neon's class has
 * one of its own, which calls pg's.
 */
export function hasOwnQuery(pool: Pool): boolean {
  const { query } = pool;
  if (poolsOwn.has(query)) return false;
  const text = String(query);
  const isNeons = text.includes('poolQueryViaFetch') && text.includes('hasFetchUnsupportedListeners');
  const isPgs = query === basePool(pool)?.query && text.includes('Passing a function as the first parameter');
  if (isNeons || isPgs) poolsOwn.add(query);
  return !isNeons && !isPgs;
}

/** What the pool has of pg's own class, and not of a subclass. */
function basePool(pool: Pool): Pool | null {
  let base: object | null = pool;
  while (base && !Object.hasOwn(base, '_pulseQueue')) base = Object.getPrototypeOf(base);
  return base as Pool | null;
}

/** @returns what has no `Query`, or `undefined`, for an object that only looks like a client */
export function classOf(client: Client | Pool): ClientClass {
  return isPool(client) ? client.Client : (client.constructor as ClientClass);
}

/** The client refuses every query: its connection is lost, or it has been ended. */
export function isUnusable({ _queryable, _ending }: Client): boolean {
  return _queryable === false || _ending === true;
}

/** Whether a query is under way or waits, of whoever uses the client. */
export function isBusy(client: Client): boolean {
  const isOld = !('_activeQuery' in client);
  const [active, waiting] = isOld
    ? [client.activeQuery, client.queryQueue]
    : [client._activeQuery, client._queryQueue];
  return Boolean(active) || (waiting?.length ?? 0) > 0;
}

/** Lets a query get the server's next messages, also behind an error or a ReadyForQuery, where pg forgets it. */
export function keepActive(client: Client, query: object): void {
  if ('_activeQuery' in client) client._activeQuery = query;
  else client.activeQuery = query;
  client.readyForQuery = false;
}
