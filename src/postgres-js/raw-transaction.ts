/**
 * Whether the program has begun a transaction by a text of its own.
 *
 * postgres.js allows that on a client of one connection, and does not tell what the server says of it. A transaction of the
 * library's own would be part of the program's, and its COMMIT would end both. So the texts are read that run on the
 * connection, and the server is asked if one of them may have begun a transaction.
 */
import { command } from '../driver/statement.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { Client, ClientOptions, PoolConnection, Query } from './internals.ts';
import { isHeld } from './keep-from-pool.ts';
import { makeQuery } from './query.ts';

/** It also matches in a comment, a string or the body of a function. Then the server says that nothing is open. */
const mayBegin = /\b(begin|start\s+transaction)\b/i;

/** Alone, for in a longer text it may not be reached. */
const ends = /^\s*(commit|rollback|end|abort)(\s+(work|transaction))?\s*;?\s*$/i;

/**
 * Sent as a simple query outside a transaction, a statement starts at the same time as its transaction. Inside one, the
 * transaction has started earlier. The answer is a row or none, since the client may parse values in a way of its own.
 */
const isOpenRow = 'select 1 where pg_catalog.now() operator(pg_catalog.<) pg_catalog.statement_timestamp()';

export class RawTransaction {
  /**
   * The client comes from `sql.begin()` or `sql.reserve()`: it is one connection, on which the program has begun a transaction or
   * may begin one. It has no `begin()`, unless the program has put its `savepoint()` there.
   */
  readonly isHandedOut: boolean;
  /** False if certainly none is open. */
  #mayBeOpen = false;
  #isMet = false;
  /** Counts the texts that change what is known. */
  #changes = 0;
  readonly #client: Client;
  readonly #options: ClientOptions;
  readonly #watched = new WeakSet<PoolConnection>();

  constructor(client: Client) {
    this.#client = client;
    this.#options = client.options as unknown as ClientOptions;
    this.isHandedOut = typeof client.begin !== 'function' || 'savepoint' in client || 'release' in client;
  }

  get isAllowed(): boolean {
    return this.#options.max === 1;
  }

  /**
   * Is called before the library's first statement: others may have used the connection. Each begins with the question for
   * the array types, unless the client does without.
   */
  meet(): void {
    if (this.#isMet) return;
    this.#isMet = true;
    this.#mayBeOpen ||= Object.keys(this.#options.shared?.typeArrayMap ?? {}).length > 0;
  }

  /** @returns false at once if none can be open */
  isOpen(): false | Promise<boolean> {
    if (this.isHandedOut) return Promise.resolve(true);
    if (!this.isAllowed) return false;
    this.meet();
    return this.#mayBeOpen && this.#ask();
  }

  async #ask(): Promise<boolean> {
    const changes = this.#changes;
    const query = makeQuery(this.#client, command(isOpenRow), false, { onexecute: this.passBy });
    // A transaction that has failed answers no question.
    const isOpen = await query.execute().then(
      (rows) => rows.length > 0,
      () => true,
    );
    // What has been sent since then may have begun one.
    if (changes === this.#changes) this.#mayBeOpen = isOpen;
    return this.#mayBeOpen;
  }

  /** An option of queries that wait for nothing: the connection is watched from then on. */
  readonly passBy = (connection: PoolConnection): boolean => {
    this.watch(connection);
    return true;
  };

  /** `passBy` for a client of one connection, which is watched from its first statement on. */
  get watcher(): RawTransaction['passBy'] | undefined {
    return this.isAllowed ? this.passBy : undefined;
  }

  /** The client, for statements of drizzle's that are sent as drizzle does. */
  get noting(): Pick<Client, 'unsafe'> {
    if (!this.isAllowed) return this.#client;
    return {
      unsafe: (text, ...rest) => {
        this.note(text);
        return this.#client.unsafe(text, ...rest);
      },
    };
  }

  /** A text is sent that may begin a transaction, or end it. */
  note(text: string): void {
    if (!this.isAllowed) return;
    this.meet();
    if (mayBegin.test(text)) this.#set(true);
    else if (this.#mayBeOpen && ends.test(text)) this.#set(false);
  }

  #set(mayBeOpen: boolean): void {
    this.#mayBeOpen = mayBeOpen;
    this.#changes += 1;
  }

  /** Reads the texts that the program sends on the connection without drizzle. */
  watch(connection: PoolConnection): void {
    if (!this.isAllowed || this.#watched.has(connection)) return;
    this.#watched.add(connection);
    const { execute, connect } = connection;
    connection.execute = (query) => {
      if (!isHeld(connection)) this.#noteQuery(query);
      return execute(query);
    };
    // A new session has no transaction, and its first query is not executed by `execute`.
    connection.connect = (query) => {
      this.#set(false);
      this.#noteQuery(query);
      return connect(query);
    };
  }

  /** `onexecute` is an option of `sql.begin()`, which takes the connection out of the pool, and of this library's own queries. */
  #noteQuery({ strings, options }: Query): void {
    if (options.onexecute || !Array.isArray(strings)) return;
    const text = strings.join(' ');
    // The fragments of a text stand between its strings.
    this.note(strings.length > 1 && text.trim() === '' ? 'begin' : text);
  }
}

const ofClients = new WeakMap<object, RawTransaction>();

/** A client has one, however many databases are made of it. */
export function rawTransactionOf(client: Client): RawTransaction {
  return getOrInsert(ofClients, client, () => new RawTransaction(client));
}
