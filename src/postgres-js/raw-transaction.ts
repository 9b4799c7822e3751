/**
 * Whether the program has begun a transaction by a text of its own.
 *
 * postgres.js allows that on a client of one connection, and does not tell what the server says of it. So the texts are read
 * that run on the connection. A transaction of the library's own would be part of the program's, and its COMMIT would end both.
 */
import { getOrInsert } from '../get-or-insert.ts';
import type { Client, PoolConnection, Query } from './internals.ts';
import { isHeld } from './keep-from-pool.ts';

const comments = /--[^\n]*|\/\*.*?\*\//gs;

const begins =
  /^\s*(begin(\s+(work|transaction))?|start\s+transaction)(\s+(isolation|read|not|deferrable)\b.*)?\s*$/is;

/** What leaves the transaction open is left out: a way back to a savepoint, and `and chain`. */
const ends =
  /^\s*((commit|rollback|end|abort)(\s+(work|transaction))?(\s+and\s+no\s+chain)?|prepare\s+transaction\s.*)\s*$/is;

export class RawTransaction {
  isOpen = false;
  readonly #isAllowed: boolean;
  readonly #watched = new WeakSet<PoolConnection>();

  constructor({ options }: Pick<Client, 'options'>) {
    this.#isAllowed = options.max === 1;
  }

  /** A text is sent that may begin a transaction, or end it. */
  note(text: string): void {
    if (!this.#isAllowed) return;
    for (const command of text.replaceAll(comments, ' ').split(';')) {
      if (begins.test(command)) this.isOpen = true;
      else if (ends.test(command)) this.isOpen = false;
    }
  }

  /** Reads the texts that the program sends on the connection without drizzle. */
  watch(connection: PoolConnection): void {
    if (!this.#isAllowed || this.#watched.has(connection)) return;
    this.#watched.add(connection);
    const { execute, connect } = connection;
    connection.execute = (query) => {
      if (!isHeld(connection)) this.#noteQuery(query);
      return execute(query);
    };
    // A new session has no transaction, and its first query is not executed by `execute`.
    connection.connect = (query) => {
      this.isOpen = false;
      this.#noteQuery(query);
      return connect(query);
    };
  }

  /** Those of `sql.begin()`, which takes the connection out of the pool, and of this library want to know of it. */
  #noteQuery({ strings, options }: Query): void {
    if (!options.onexecute && strings[0] !== undefined) this.note(strings[0]);
  }
}

const ofClients = new WeakMap<object, RawTransaction>();

/** A client has one, however many databases are made of it. */
export function rawTransactionOf(client: Client): RawTransaction {
  return getOrInsert(ofClients, client, () => new RawTransaction(client));
}
