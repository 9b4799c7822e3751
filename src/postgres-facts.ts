/**
 * The only reader of what postgres.js does not export. Every fact used here is pinned by name in
 * `test/integration/postgres-facts.test.ts`, so that an upgrade which moves one fails there.
 */
import net from 'node:net';
import type { Sql } from 'postgres';
import type { Connection, Driver, StatementListener } from './driver.ts';
import { arrayLiteral, type Serialize, textOf } from './encode.ts';
import { asError, BatchedDrizzleError, codeOf } from './errors.ts';
import type { Answer, Statement } from './statement.ts';

/** What this file knows of a query that postgres.js has made. */
interface Query extends Promise<Answer> {
  args: unknown[];
  parameters: unknown[] | undefined;
  handler: ((query: Query) => unknown) & { debug?: unknown };
  active: boolean;
  /** The backend that it was written to; null where it never was. */
  state: object | null;
  describeFirst?: unknown;
  cursorFn?: unknown;
  readonly strings: readonly string[];
  readonly executed: boolean;
  handle(): Promise<void>;
  execute(): Query;
  raw(): Query;
  values(): Query;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** What this file knows of a connection of the pool. */
interface PoolConnection {
  execute(query: Query): unknown;
  reserved: (() => void) | null;
  onclose: ((error: Error) => void) | null;
  terminate(): void;
}

interface ClientOptions {
  readonly serializers: Record<number, ((value: unknown) => unknown) | undefined>;
  readonly parsers: Record<number, (((text: string) => unknown) & { array?: boolean }) | undefined>;
  readonly transform?: { value?: { from?: unknown }; row?: { from?: unknown } };
  readonly debug?: unknown;
  readonly host?: string[];
  readonly path?: unknown;
  readonly max: number;
  socket?: unknown;
}

type Client = Sql & ((...args: unknown[]) => unknown);

export class PostgresJsDriver implements Driver {
  readonly #client: Client;
  readonly #options: ClientOptions;

  constructor(
    client: Sql,
    /** Leave the parameters to postgres.js, which describes each statement and waits. */
    readonly describes: boolean,
  ) {
    this.#client = client as Client;
    this.#options = client.options as unknown as ClientOptions;
  }

  /** Does as postgres.js does when it binds: a type it knows from the value, else the column's, else a string. */
  serialize(value: unknown, typeOid: number): string {
    // The server casts a boolean that postgres.js has declared as such, so that a text column holds `true`.
    if (typeof value === 'boolean') return String(value);
    const type = declaredType(value)?.oid ?? typeOid;
    const serializer = this.#options.serializers[type];
    const isKnown = serializer !== undefined && type !== 0;
    // Inside an expression the server tells postgres.js the type, and only what it is told makes an array of it.
    if (Array.isArray(value) && type === 0) return this.#arrayLiteral(value);
    const text = serializer && isKnown ? serializer(value) : textOf(value);
    // postgres.js would throw inside its socket handler, which ends the process.
    if (typeof text !== 'string')
      throw new TypeError(`can't be sent to PostgreSQL as it is: got ${nameOf(value)}`);
    return text;
  }

  #arrayLiteral(values: readonly unknown[]): string {
    const isNested = values.some(Array.isArray);
    const texts = values.map((value) => (value === null ? null : this.serialize(value, 0)));
    return isNested ? `{${texts.map((text) => text ?? 'NULL').join(',')}}` : arrayLiteral(texts);
  }

  parser(typeOid: number): ((text: string) => unknown) | undefined {
    const { transform, parsers } = this.#options;
    if (transform?.value?.from || transform?.row?.from) return undefined;
    const parser = parsers[typeOid];
    if (!parser) return (text) => text;
    return parser.array ? undefined : parser;
  }

  async run(statement: Statement): Promise<Answer> {
    const answer = await this.#untilSent(async () => runAlone(this.#client, statement, this.describes));
    // At its next start a connection gives an empty answer to a query that it forgot when it was lost.
    if (answer.command === null) throw new Error('the connection was lost before it brought an answer');
    return answer;
  }

  begin(): Promise<Connection> {
    return this.#untilSent(() => this.#begin());
  }

  /**
   * The first query after a reconnect is rejected with the error that ended the session before it; it was never sent, so
   * it may be sent now. Each connection of the pool has one such error in it at most.
   */
  async #untilSent<T>(send: () => Promise<T>): Promise<T> {
    for (let left = this.#options.max; ; left--) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof NeverSent)) throw error;
        if (left === 0 || !isEndOfSession(error.cause)) throw error.cause;
      }
    }
  }

  #begin(): Promise<Connection> {
    const client = this.#client;
    return new Promise((resolve, reject) => {
      let held: HeldConnection | undefined;
      const onexecute = (connection: PoolConnection): boolean => {
        held = new HeldConnection(client, connection, this.describes);
        // A connection that was busy answers others first; plain drizzle's callback would not have started yet.
        if (begin.active) resolve(held);
        // False keeps the connection out of the pool's busy queue, where others' queries would join it.
        return false;
      };
      const begin = client.unsafe('begin', [], { onexecute } as object) as unknown as Query;
      outliveStart(begin);
      begin.execute().then(
        () => {
          if (!held) return reject(unsupported('BEGIN was answered, but `onexecute` was not called'));
          held.begin();
          resolve(held);
        },
        (error: Error) => {
          if (!held) return reject(new NeverSent(error));
          held.refuse(error);
          reject(error);
        },
      );
    });
  }
}

class NeverSent extends Error {
  constructor(override readonly cause: Error) {
    super('the query was never sent');
  }
}

/** Whether the server ended a session so; a role or a database that it refuses it will refuse again. */
function isEndOfSession(error: Error): boolean {
  return (error as { severity?: unknown }).severity === 'FATAL' && !/^(28|3D)/.test(codeOf(error) ?? '');
}

/**
 * Runs a statement by itself. Its connection stays out of the pool until it is answered, as a description keeps it: what
 * joined it there, a BEGIN or another caller's insert, would wait for this one's locks.
 */
async function runAlone(client: Client, statement: Statement, describes: boolean): Promise<Answer> {
  let release = (): void => {};
  const onexecute = (connection: PoolConnection): boolean => {
    const { onclose } = connection;
    // postgres.js forgets what it sends after the error of a socket and before its end.
    connection.onclose = (error) => {
      onclose?.(error);
      query.reject(error);
      connection.terminate();
    };
    const { onclose: own } = connection;
    release = () => {
      if (connection.onclose === own) connection.onclose = onclose;
    };
    return false;
  };
  const query = makeQuery(client, statement, describes, { onexecute });
  try {
    return await query;
  } catch (error) {
    throw query.state ? error : new NeverSent(asError(error));
  } finally {
    release();
  }
}

class HeldConnection implements Connection {
  readonly begun: Promise<void>;
  readonly lost: Promise<never>;
  hasBegun = false;
  readonly #client: Client;
  readonly #connection: PoolConnection;
  readonly #describes: boolean;
  readonly #outstanding = new Set<Query>();
  #waiting: Query[] = [];
  #isBlocked = false;
  /** Everything sent has been answered; BEGIN is the first to be. */
  #isIdle = false;
  #isFinishing = false;
  #closed: Error | undefined;
  /** Why BEGIN failed. */
  #refusal: Error | undefined;
  #begin!: () => void;
  #lose!: (error: Error) => void;

  constructor(client: Client, connection: PoolConnection, describes: boolean) {
    this.#client = client;
    this.#connection = connection;
    this.#describes = describes;
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.begun = Promise.race([
      new Promise<void>((resolve) => {
        this.#begin = resolve;
      }),
      this.lost,
    ]);
    for (const promise of [this.begun, this.lost]) promise.catch(() => {});
    // postgres.js calls this when every answer is in and the transaction is still open, and takes the
    // connection back by itself once it is not: `release` is what would tell it to wait for us.
    connection.reserved = Object.assign(this.#resume, { release: false });
    connection.onclose = (error) => this.#close(error);
  }

  get isOpen(): boolean {
    return !this.#closed && this.#connection.reserved === this.#resume;
  }

  begin(): void {
    this.hasBegun = true;
    this.#begin();
  }

  refuse(error: Error): void {
    this.#refusal = error;
    this.#abandon(error);
    this.#lose(error);
  }

  async send(statement: Statement): Promise<Answer> {
    const query = makeQuery(this.#client, statement, this.#describes);
    this.#route(query, (routed) => this.#execute(routed, true));
    return query.execute();
  }

  finish(statement: Statement): Promise<Answer> {
    this.#isFinishing = true;
    return this.send(statement);
  }

  client({ sent, failed }: StatementListener): unknown {
    const adopt = <Made>(made: Made): Made => {
      // Fragments, identifiers and helpers are no statements; they are executed as part of one.
      if (!isQuery(made)) return made;
      this.#route(made, (query) => {
        query.catch((error) => failed(asError(error)));
        // Behind COMMIT or ROLLBACK it would be a transaction of its own.
        if (this.#isFinishing) query.reject(ended());
        else if (this.#refusal) query.reject(this.#refusal);
        else this.#execute(query, false);
        sent();
      });
      return made;
    };
    const { unsafe, file, notify } = this.#client;
    const tagged = (...args: unknown[]): unknown =>
      adopt((this.#client as (...args: unknown[]) => unknown)(...args));
    return Object.assign(tagged, this.#client, {
      unsafe: (...args: Parameters<typeof unsafe>) => adopt(unsafe(...args)),
      file: (...args: Parameters<typeof file>) => adopt(file(...args)),
      notify: (...[channel, payload]: Parameters<typeof notify>) =>
        adopt((tagged as unknown as Sql)`select pg_notify(${channel}, ${payload})`),
    });
  }

  #route(query: Query, handler: (query: Query) => void): void {
    query.handler = Object.assign(handler, {
      debug: (this.#client.options as unknown as ClientOptions).debug,
    });
  }

  /** @param isOurs it can tell whether it is inside its transaction; the caller's own waits for BEGIN's answer */
  #execute(query: Query, isOurs: boolean): void {
    if (!this.isOpen) {
      query.reject(this.#closed ?? ended());
      return;
    }
    const hasBegun = this.hasBegun || this.#isIdle;
    if (this.#waiting.length > 0 || this.#mustWait(query) || !(isOurs || hasBegun)) {
      this.#waiting.push(query);
      return;
    }
    this.#send(query);
  }

  #send(query: Query): void {
    if (!this.isOpen) {
      query.reject(this.#closed ?? ended());
      return;
    }
    this.#isIdle = false;
    this.#outstanding.add(query);
    const settled = (): void => {
      this.#outstanding.delete(query);
      // A raw COMMIT gives the connection back; what waited behind it would never be called.
      if (!this.isOpen) this.#abandon(this.#closed ?? ended());
    };
    query.then(settled, (error) => {
      // The socket is gone, and its end not yet told: what is written now would stand before the next session's start.
      if (isLoss(error)) this.#closed ??= error;
      settled();
    });
    this.#connection.execute(query);
    // Nothing may stand between a description and what is bound by it.
    this.#isBlocked = Boolean(query.describeFirst || query.cursorFn);
  }

  /**
   * What follows a description waits for what is bound by it. And a query that postgres.js can't build (a
   * parameter that is undefined, too many of them) rejects the query that is active, and stays behind itself
   * without an answer: with arguments it goes alone.
   */
  #mustWait(query: Query): boolean {
    return this.#isBlocked || (query.args.length > 0 && !this.#isIdle);
  }

  readonly #resume = (): void => {
    this.#isBlocked = false;
    this.#isIdle = true;
    for (let next = this.#waiting[0]; next && !this.#mustWait(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#send(next);
    }
  };

  /**
   * What was sent after the error of a socket and before its end stays in the connection, which would take the answers
   * of the next session for its answers; and `end()` waits for a connection in use, even one that is gone.
   */
  #close(error: Error): void {
    this.#closed = error;
    this.#abandon(error);
    this.#lose(error);
    this.#connection.terminate();
  }

  /** postgres.js forgets what was sent on a connection that it was still connecting; nothing may hang for it. */
  #abandon(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const query of waiting) query.reject(error);
    if (!this.#closed) return;
    for (const query of this.#outstanding) query.reject(error);
  }
}

/** Whether a query was rejected because its connection went away; not every error without an SQLSTATE says that. */
function isLoss(error: unknown): boolean {
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  return code === 'CONNECTION_CLOSED' || code === 'CONNECTION_DESTROYED' || typeof errno === 'number';
}

function ended(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'TRANSACTION_ENDED',
    'the transaction has ended on its connection (a COMMIT or ROLLBACK of its own, or a BEGIN that failed); nothing more can be sent in it',
  );
}

function makeQuery(
  client: Client,
  { text, params, answer }: Statement,
  describes: boolean,
  options: object = {},
): Query {
  const query = makeUnanswered(client, text, params, describes, options) as unknown as Query;
  outliveStart(query);
  return answer === 'raw' ? query.raw() : query.values();
}

function makeUnanswered(
  client: Client,
  text: string,
  params: Statement['params'],
  describes: boolean,
  options: object,
): unknown {
  if (params.length === 0) return client.unsafe(text, [], options);
  if (describes) {
    // Of the type `unknown`, which the server infers and for which postgres.js has no serialiser: it is text already.
    const typed = params.map((param) => client.typed(param as string, unknownType));
    return client.unsafe(text, typed as never, options);
  }
  const query = client.unsafe(text, [], { ...options, simple: false } as object);
  // Given its parameters before it executes, and no arguments to describe, it leaves as Parse, Bind, Execute.
  return Object.assign(query, { parameters: [...params] });
}

const unknownType = 705;

const outlived = new WeakSet<object>();

/**
 * As it connects, postgres.js asks for the types of arrays and lets go of the promise: a connection that is lost, or a
 * query that is cancelled, meanwhile would end the process. Its own query is within reach by the class alone. It is
 * asked again by the next connection, and what waited for it is rejected as before.
 */
function outliveStart(made: Query): void {
  const queries = Object.getPrototypeOf(made) as Query;
  if (outlived.has(queries)) return;
  outlived.add(queries);
  const { handle } = queries;
  queries.handle = function (this: Query) {
    if (!this.executed && this.strings[0]?.includes(typesQuery)) this.reject = () => this.resolve([]);
    return handle.call(this);
  };
}

const typesQuery = 'select b.oid, b.typarray';

function isQuery(made: unknown): made is Query {
  return made instanceof Promise && 'handler' in made;
}

export interface DeclaredType {
  readonly oid: number;
  readonly name: string;
}

const declared = {
  bool: { oid: 16, name: 'bool' },
  bytea: { oid: 17, name: 'bytea' },
  int8: { oid: 20, name: 'int8' },
  timestamptz: { oid: 1184, name: 'timestamptz' },
} as const satisfies Record<string, DeclaredType>;

/** The type that postgres.js declares for a value by itself; of all others the server infers it. */
export function declaredType(value: unknown): DeclaredType | undefined {
  if (value instanceof Date) return declared.timestamptz;
  if (value instanceof Uint8Array) return declared.bytea;
  if (typeof value === 'boolean') return declared.bool;
  if (typeof value === 'bigint') return declared.int8;
  return Array.isArray(value) ? declaredType(value[0]) : undefined;
}

/** Types that take a value of the declared type just as they take its text. */
const takesText: Record<number, readonly number[]> = {
  16: [16, 25, 1042, 1043],
  17: [17],
  20: [20, 21, 23, 1700, 25, 1042, 1043],
};

/**
 * Whether the server would look at a value otherwise than at its text: by a cast from the type that postgres.js
 * declares for it, or by refusing it where there is none, as of a boolean for a document.
 */
export function isCastFromDeclared(value: unknown, base: number): boolean {
  const type = declaredType(value);
  return type !== undefined && !takesText[type.oid]?.includes(base);
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return value.constructor?.name ?? 'an object';
}

function unsupported(fact: string): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'UNSUPPORTED_CLIENT',
    `this version of postgres.js is not supported: ${fact}`,
  );
}

/**
 * Lets new connections send without waiting for the server's acknowledgement (Nagle's algorithm), which
 * costs a pipeline a round trip or 40 ms. A socket of the user's own, several hosts and Unix sockets stay as
 * they are, and so do connections opened before.
 */
export function disableNagle(client: Sql): void {
  const options = client.options as unknown as ClientOptions | undefined;
  if (!options || options.socket || options.path || options.host?.length !== 1) return;
  options.socket = ({ host: [host], port: [port] }: { host: [string]; port: [number] }) => {
    const socket = new net.Socket();
    socket.setNoDelay(true);
    return Object.assign(socket.connect(port, host), { host, port });
  };
}

/** A copy of a driver's error, of its class and with its fields. */
export function copyError(error: Error, message: string): Error {
  const fields = { ...error, message };
  const Copy = error.constructor as new (fields: object) => Error;
  const copy =
    'severity' in error
      ? new Copy(fields)
      : Object.assign(Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(error)), fields);
  copy.stack = error.stack ?? '';
  return copy;
}

/** What postgres.js puts on its errors of the statement that was sent, which may be of several callers. */
const ofStatement = ['query', 'parameters', 'args', 'types'];

/** A driver's error without the statement and its parameters. */
export function withoutStatement(error: Error): Error {
  if (!('query' in error)) return error;
  const copy = copyError(error, error.message);
  for (const key of ofStatement) Reflect.deleteProperty(copy, key);
  return copy;
}

/** A driver's error as if this statement had been sent, which is made only when somebody looks. */
export function withStatement(
  error: Error,
  describe: () => { sql: string; params: unknown[] },
  serialize: Serialize,
): Error {
  const copy = copyError(error, error.message);
  // With the client's `debug` they are there for whoever prints the error.
  const enumerable = Object.getOwnPropertyDescriptor(error, 'query')?.enumerable ?? false;
  const text = (param: unknown) => (param === null ? null : serialize(param, 0));
  const own = (get: () => unknown) => ({ get, enumerable, configurable: true });
  Reflect.deleteProperty(copy, 'types');
  return Object.defineProperties(copy, {
    query: own(() => describe().sql),
    parameters: own(() => describe().params.map(text)),
    args: own(() => describe().params),
  });
}

/** An answer without rows, of the driver's own class, as a statement without RETURNING gives it. */
export function emptyAnswer(answer: Answer, count: number): Answer {
  const Result = answer.constructor as new () => Answer;
  const { state, statement } = answer as Answer & Record<string, unknown>;
  const columns: unknown[] = [];
  return Object.assign(new Result(), {
    count,
    // What a statement with a CTE answers is SELECT.
    command: 'INSERT',
    state,
    columns,
    statement: { ...(statement as object), columns },
  });
}

/** Rows as objects, as the driver gives them to `db.execute()`. */
export function objectRows(answer: Answer, names: readonly string[], rows: readonly unknown[][]): Answer {
  const result = emptyAnswer(answer, rows.length);
  const known = columnsOf(answer);
  const columns = names.map((name) => known.find((column) => column.name === name) ?? { name });
  for (const row of rows)
    result.push(Object.fromEntries(names.map((name, index) => [name, row[index]])) as never);
  return Object.assign(result, { columns });
}

/** The names of the answer's columns at these places. */
export function columnNames(answer: Answer, places: readonly number[]): string[] {
  const columns = columnsOf(answer);
  return places.map((place) => columns[place]?.name ?? '');
}

function columnsOf(answer: Answer): readonly { readonly name: string }[] {
  return (answer as Answer & { columns?: { name: string }[] | null }).columns ?? [];
}
