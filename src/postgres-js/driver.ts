/**
 * This folder is the only reader of what postgres.js does not export. Every fact used here is pinned by name
 * in `test/integration/postgres-facts.test.ts`. An upgrade that changes one fails there.
 */
import type { Sql } from 'postgres';
import type { Connection, Driver, SentStatement } from '../driver/driver.ts';
import { type Ending, endingOf } from '../driver/ending.ts';
import { isProcessId } from '../driver/process-id.ts';
import type { Answer, Statement } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { begin } from './begin.ts';
import { Binder } from './bind.ts';
import { endBehind } from './end.ts';
import { lost, postgresJsErrors } from './errors.ts';
import { framing } from './framing.ts';
import type { HeldConnection } from './held-connection.ts';
import type { Client, ClientOptions } from './internals.ts';
import { LazyConnection } from './lazy-connection.ts';
import { runAlone } from './lone-query.ts';
import { untilSent } from './never-sent.ts';
import { type RawTransaction, rawTransactionOf } from './raw-transaction.ts';
import { postgresJsResults } from './results.ts';
import { type Pool, Sender } from './sender.ts';
import { postgresJsValues } from './values.ts';

export class PostgresJsDriver implements Driver {
  readonly #client: Client;
  readonly #options: ClientOptions;
  readonly values: ValueEncoder;
  readonly #binder: Binder;
  readonly #raw: RawTransaction;
  readonly #pool: Pool;
  /** Transactions that are open, and statements that run by themselves. */
  #busy = 0;
  /** A connection has been up, so that the server is there and takes the client. */
  #isWarm = false;
  /** Whether each connection so far has introduced itself as a process of the server. */
  #isDirect: boolean | undefined;
  /** Transactions of this turn whose BEGIN is held back, in the order of the calls. */
  readonly #heldBack = new Set<LazyConnection>();
  readonly results = postgresJsResults;
  readonly errors = postgresJsErrors;
  readonly framing = framing;
  readonly isShared = false;
  readonly writesInImmediate = true;
  readonly plainTrips = 2;
  readonly ending: Ending;

  constructor(
    client: Sql,
    readonly describes: boolean,
    /** Runs work at the end of the turn, if it is still needed then. */
    private readonly atEndOfTurnIf: (isNeeded: () => boolean, work: () => void) => void,
  ) {
    this.#client = client as Client;
    this.#options = client.options as unknown as ClientOptions;
    this.values = postgresJsValues(this.#options);
    this.#binder = new Binder(this.#options, this.values);
    this.#raw = rawTransactionOf(this.#client);
    const sending = (text: string) => {
      // It could take the last connection ahead of a transaction that was called before.
      this.#openHeldBack();
      this.#raw.note(text);
    };
    this.#pool = { raw: this.#raw, sending };
    this.ending = endingOf(client, 'end', endBehind);
  }

  get isDirect(): boolean {
    return this.#isDirect ?? false;
  }

  isJoined(): false | Promise<boolean> {
    return this.#raw.isOpen();
  }

  readonly #meet = (backend: object | null): boolean => {
    this.#isDirect = (this.#isDirect ?? true) && isProcess(backend);
    return this.#isDirect;
  };

  parser(typeOid: number): ((text: string) => unknown) | undefined {
    const { transform, parsers } = this.#options;
    if (transform?.value?.from || transform?.row?.from) return undefined;
    const parser = parsers[typeOid];
    if (!parser) return (text) => text;
    return parser.array ? undefined : parser;
  }

  async run(statement: Statement): Promise<Answer> {
    const answer = await this.#counted(() =>
      untilSent(this.#options.max, () => runAlone(this.#client, statement, this.describes, this.#raw)),
    );
    this.#isWarm = true;
    this.#meet((answer as Answer & { state?: object }).state ?? null);
    // After a loss postgres.js gives an empty answer, at the connection's next start, to a query that it had
    // forgotten.
    if (answer.command === null) throw lost();
    return answer;
  }

  /**
   * BEGIN is held back until the transaction's first statement, if a connection is likely to be free then. Otherwise the
   * callback must wait for its connection, as in plain drizzle; and before the first connection is up, nothing is known.
   *
   * It is held back until the end of the turn at most. Later it would be noticed: `now()` would differ, `client.end()`
   * would not wait for the transaction, and others could take the connections that it waits for.
   */
  async begin(): Promise<Connection> {
    if (this.#raw.isHandedOut) throw handedOut(this.#client);
    this.#raw.meet();
    const mayHoldBack = this.#isWarm && this.#busy < this.#options.max;
    // Those that came first get their connections first: their callbacks run, and this one's may wait for them.
    if (!mayHoldBack) this.#openHeldBack();
    this.#busy += 1;
    const connection = new LazyConnection(
      this.#client,
      (mark) => untilSent(this.#options.max, () => this.#begin(mark)),
      () => {
        this.#busy -= 1;
      },
    );
    if (mayHoldBack) this.#holdBack(connection);
    else await connection.open();
    return connection;
  }

  sender(client: unknown, statement: SentStatement): unknown {
    if (this.describes) return client === this.#client ? this.#raw.noting : client;
    if (client !== this.#client) return new Sender(client as Client, this.#binder, statement);
    return new Sender(client as Client, this.#binder, statement, this.#pool);
  }

  forgetTypes(): void {
    this.#binder.known.clear();
  }

  #holdBack(connection: LazyConnection): void {
    this.#heldBack.add(connection);
    if (this.#heldBack.size > 1) return;
    this.atEndOfTurnIf(
      () => this.#isAnyHeldBack(),
      () => this.#openHeldBack(),
    );
  }

  #isAnyHeldBack(): boolean {
    for (const connection of this.#heldBack) {
      if (!connection.isUnopened) this.#heldBack.delete(connection);
    }
    return this.#heldBack.size > 0;
  }

  #openHeldBack(): void {
    for (const connection of this.#heldBack) {
      // Not all at once by `clear()`: V8 leaves the members in a table that outlives them, and links it to the next one.
      this.#heldBack.delete(connection);
      // The error rejects the transaction, and each of its statements.
      if (connection.isUnopened) connection.open().catch(() => {});
    }
  }

  async #counted<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#busy -= 1;
    }
  }

  async #begin(mark: Statement | undefined): Promise<HeldConnection> {
    const held = await begin(this.#client, this.describes, this.#meet, mark);
    held.begun.then(
      () => {
        this.#isWarm = true;
      },
      () => {},
    );
    return held;
  }
}

function isProcess(backend: object | null): boolean {
  return isProcessId((backend as { pid?: unknown } | null)?.pid);
}

/** The server would ignore a BEGIN in the program's transaction, and COMMIT would end that. */
function handedOut({ begin }: Client): Error {
  // As drizzle's call of it fails.
  if (typeof begin !== 'function') return new TypeError('this.client.begin is not a function');
  const message = 'the client was handed out by sql.begin() or sql.reserve(), which can begin no transaction';
  return new BatchedDrizzleError('UNSUPPORTED_CLIENT', message);
}
