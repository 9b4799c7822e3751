/**
 * This folder is the only reader of what node-postgres does not export. Neon's driver has the same classes.
 *
 * A flight is one query of pg's with one Sync: see `flight.ts`.
 */
import type { Connection, Driver } from '../driver/driver.ts';
import { type Ending, endingOf } from '../driver/ending.ts';
import type { Framing } from '../driver/framing.ts';
import { isProcessId } from '../driver/process-id.ts';
import { type Answer, command, type Statement } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { lineOf, type Turn } from './client-line.ts';
import { type ConnectionOptions, NodePostgresConnection } from './connection.ts';
import { type Ends, endsInside, ownEnds } from './ends.ts';
import { nodePostgresErrors, unsupported } from './errors.ts';
import {
  type Client,
  classOf,
  hasOwnQuery,
  isBusy,
  isPool,
  isUnusable,
  type Pool,
  type Types,
} from './internals.ts';
import { type Lease, lease } from './lease.ts';
import { type Dialect, makeQuery, sendByQuery } from './make-query.ts';
import { outboxOf } from './outbox.ts';
import { nodePostgresResults } from './results.ts';
import { nodePostgresValues } from './values.ts';

export interface NodePostgresOptions {
  readonly framing: Framing;
  /** drizzle's own parsers. */
  readonly types: Types;
  /** Runs work behind the end of the turn, if it is still needed then. */
  readonly behindEndOfTurnIf: (isNeeded: () => boolean, work: () => void) => void;
}

export class NodePostgresDriver implements Driver {
  readonly describes = false;
  readonly writesInImmediate = false;
  readonly plainTrips = 1;
  readonly skipsUnbegun = true;
  readonly copiesAhead = true;
  readonly ending: Ending | undefined;
  readonly values: ValueEncoder;
  readonly results = nodePostgresResults;
  readonly errors = nodePostgresErrors;
  readonly framing: Framing;
  readonly #source: Client | Pool;
  readonly #dialect: Dialect;
  readonly #options: NodePostgresOptions;
  /** Whether each connection so far has introduced itself as a process of the server. */
  #isDirect: boolean | undefined;

  /** @throws {BatchedDrizzleError} `UNSUPPORTED_CLIENT` for a client of pg-native */
  constructor(source: object, options: NodePostgresOptions) {
    this.#source = source as Client | Pool;
    this.#options = options;
    this.framing = options.framing;
    const Query = classOf(this.#source)?.Query;
    if (Query && typeof Query.prototype.prepare !== 'function')
      throw unsupported('pg-native has no pipeline: use the client of pg itself');
    this.#dialect = { Query, types: options.types };
    this.values = nodePostgresValues(Query);
    // A single client ends at once, whatever is under way.
    this.ending = isPool(this.#source) ? endingOf(source, 'end') : undefined;
  }

  get isShared(): boolean {
    return !isPool(this.#source) || this.#goesByQuery;
  }

  /**
   * Each statement of the database is given to the client's `query()`, as in plain drizzle: a program has put one of its own in
   * the place of the pool's, or the client is none of pg's.
   */
  get #goesByQuery(): boolean {
    return !this.#dialect.Query || (isPool(this.#source) && hasOwnQuery(this.#source));
  }

  get isDirect(): boolean {
    return this.#isDirect ?? false;
  }

  #meet(held: Lease): Lease {
    this.#isDirect = (this.#isDirect ?? true) && isProcessId(held.client.processID);
    return held;
  }

  parser(typeOid: number): (text: string) => unknown {
    return this.#options.types.getTypeParser(typeOid, 'text');
  }

  async run(statement: Statement): Promise<Answer> {
    if (this.#goesByQuery) return sendByQuery(this.#source as Pool, this.#dialect, statement);
    const { piece, answer } = makeQuery(this.#dialect, statement);
    if (!piece) return answer;
    const held = this.#meet(await lease(this.#source));
    try {
      held.outbox.push(piece);
      return await answer;
    } finally {
      held.release();
    }
  }

  /**
   * BEGIN is held back until the end of the turn at most. Later it would be noticed: `now()` would differ.
   */
  async begin(text?: string, log?: (text: string) => void): Promise<Connection> {
    log?.(text ?? 'begin');
    const turn = isPool(this.#source) ? undefined : await lineOf(this.#source).enter();
    const connection = await this.#hold(text, log, turn).catch((error) => {
      turn?.end();
      throw error;
    });
    // Whoever else uses the client must find that a transaction is open.
    if (this.isShared) connection.begun.catch(() => {});
    this.#options.behindEndOfTurnIf(
      () => connection.isUnopened,
      // The error rejects the transaction, and each of its statements.
      () => connection.begun.catch(() => {}),
    );
    return connection;
  }

  async #hold(
    text: string | undefined,
    log: ConnectionOptions['log'],
    turn: Turn | undefined,
  ): Promise<NodePostgresConnection> {
    const dialect = this.#dialect;
    const given = isPool(this.#source) ? undefined : await this.#endsOn(this.#source, text);
    const held = this.#meet(await lease(this.#source, text !== undefined));
    // On a pool of one connection the program may have begun a transaction by a text of its own.
    const isJoined = !given && text === undefined && /[TE]/.test(held.outbox.status ?? '');
    const ends = given ?? (isJoined ? endsInside() : ownEnds(text));
    return new NodePostgresConnection(held, { dialect, ends, log, turn, isJoined });
  }

  /** On a client of the user's a transaction may be open that is not ours. */
  async #endsOn(client: Client, begin?: string): Promise<Ends> {
    const outbox = outboxOf(client);
    // The server tells with every answer, and something that is under way may begin a transaction.
    if (outbox.status === undefined || !outbox.isIdle || isBusy(client)) {
      try {
        await this.run(command(''));
      } catch (error) {
        if (!isUnusable(client)) throw error;
        // BEGIN will fail in the same way, with drizzle's error.
        return ownEnds(begin);
      }
    }
    return outbox.status === 'I' ? ownEnds(begin) : endsInside();
  }

  forgetTypes(): void {}
}
