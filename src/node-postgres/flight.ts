/** Statements that leave together, as one query of pg's. */
import { asError } from '../errors.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { feed } from './copy.ts';
import { isAnswered, isEndOfSession, noteKind, skippedInFailed } from './errors.ts';
import { countSyncs, fenceFrom } from './fences.ts';
import type { FlightInput } from './flight-input.ts';
import { type Connection, keepActive, type QueryClass } from './internals.ts';
import { silent } from './messages.ts';
import type { CopyData, Piece } from './piece.ts';
import { writePiece } from './write-piece.ts';

type FlightClass = new (input: FlightInput) => object;

const classes = new WeakMap<QueryClass, FlightClass>();

/**
 * A query that pg submits like its own. It extends the class of the client's own queries, since a client in pipeline mode
 * takes no other. pg forgets its active query at each ReadyForQuery and at each error: a flight with several Syncs makes
 * itself the active query again.
 */
export function flightOf(Query: QueryClass, input: FlightInput): object {
  const Flight = getOrInsert(classes, Query, () => makeClass(Query));
  return new Flight(input);
}

function makeClass(Base: QueryClass): FlightClass {
  return class Flight extends Base {
    readonly #input: FlightInput;
    /** The piece whose answer comes next. */
    #at = 0;
    #syncs: number;
    #refusal: Error | undefined;
    #isBegun = true;
    /** A piece that has been answered, and is settled by its ReadyForQuery: until then it may still fail. */
    #executed: { readonly piece: Piece; readonly error?: Error } | undefined;
    #isWritten = false;
    #isOver = false;

    constructor(input: FlightInput) {
      super({ text: '' });
      this.#input = input;
      this.#syncs = countSyncs(input);
      // pg stops the clock of a `query_timeout` by it.
      this.callback = () => {};
    }

    /** Called by pg when the connection is free. Must not throw: what has been written would stay without its Sync. */
    override submit(connection: Connection): null {
      this.#isWritten = true;
      this.#write(connection, 0);
      return null;
    }

    #write(connection: Connection, from: number): void {
      const { pieces, syncsEach } = this.#input;
      const { stream } = connection;
      stream.cork?.();
      try {
        for (let index = from; index < pieces.length; index++) {
          const piece = pieces[index] as Piece;
          const hasSync = writePiece(connection, this.#input, index);
          piece.written?.();
          if (hasSync) return;
          if (piece.data) {
            this.#copy(connection, piece.data, index + 1);
            return;
          }
          if (syncsEach) connection.sync();
        }
        if (!syncsEach) connection.sync();
      } catch (error) {
        this.#lose(asError(error));
        stream.destroy(asError(error));
      } finally {
        stream.uncork?.();
      }
    }

    /** The rest follows behind the data. The server discards them up to the next Sync if it has refused the COPY. */
    async #copy(connection: Connection, data: CopyData, next: number): Promise<void> {
      const { pieces, syncsEach } = this.#input;
      await feed(connection, data, () => this.#isOver || this.#refusal !== undefined);
      if (syncsEach) {
        connection.sync();
        if (next < pieces.length) this.#write(connection, next);
      } else this.#write(connection, this.#refusal ? fenceFrom(this.#input, next) : next);
    }

    get #piece(): Piece | undefined {
      return this.#isOver ? undefined : this.#input.pieces[this.#at];
    }

    override handleRowDescription(message: unknown): void {
      this.#piece?.query.handleRowDescription(message);
    }

    override handleDataRow(message: unknown): void {
      this.#piece?.query.handleDataRow(message);
    }

    override handleCommandComplete(message: unknown): void {
      this.#piece?.query.handleCommandComplete(message, silent);
      this.#answered();
    }

    override handleEmptyQuery(): void {
      this.#answered();
    }

    handlePortalSuspended(): void {}

    handleCopyInResponse(): void {}

    handleCopyData(): void {}

    #answered(): void {
      const piece = this.#piece;
      if (!piece) return;
      this.#at += 1;
      // By itself it is committed by its Sync. And whoever ends the transaction looks at the state that is told then.
      if (this.#input.syncsEach || piece.role === 'end') this.#executed = { piece };
      else piece.query.handleReadyForQuery(silent);
    }

    override handleError(error: Error): void {
      if (!isAnswered(error)) this.#lose(error);
      else this.#refused(error);
    }

    #refused(error: Error): void {
      keepActive(this.#input.client, this);
      if (this.#isOver) return;
      if (isEndOfSession(error)) {
        this.#lose(error);
        return;
      }
      const refused = this.#executed?.piece ?? this.#piece;
      if (!refused) return;
      if (!this.#executed) this.#at += 1;
      this.#executed = undefined;
      this.#refusal ??= error;
      this.#isBegun &&= refused.role !== 'begin';
      if (refused.role === 'end') this.#executed = { piece: refused, error };
      else refused.query.handleError(error, silent);
      // Nothing of a transaction that was not begun may be sent.
      if (!this.#isBegun) this.#failRest(error);
    }

    override handleReadyForQuery(): void {
      this.#settleExecuted();
      this.#syncs -= 1;
      if (this.#syncs > 0) {
        keepActive(this.#input.client, this);
        this.#reachFence();
      } else this.#land(undefined);
    }

    /** What the server has skipped ahead of a fence is settled, and the next transaction begins as if nothing had failed. */
    #reachFence(): void {
      if (this.#input.syncsEach || !this.#isBegun) return;
      const fence = fenceFrom(this.#input, this.#at);
      const skipped = this.#input.pieces.slice(this.#at, fence);
      this.#at = fence;
      this.#refusal = undefined;
      for (const { query } of skipped) query.handleError(skippedInFailed(), silent);
    }

    #lose(error: Error): void {
      if (this.#isOver) return;
      noteKind(error, this.#isWritten ? 'lost' : 'unopened');
      // What a COMMIT was answered stays, also if the session ends behind it.
      this.#settleExecuted(this.#executed?.piece.role === 'end' ? undefined : error);
      this.#failRest(error);
      this.#land(error);
    }

    #settleExecuted(loss?: Error): void {
      const { piece, error = loss } = this.#executed ?? {};
      this.#executed = undefined;
      if (error) piece?.query.handleError(error, silent);
      else piece?.query.handleReadyForQuery(silent);
    }

    #failRest(error: Error): void {
      const rest = this.#input.pieces.slice(this.#at);
      this.#at = this.#input.pieces.length;
      for (const { query } of rest) query.handleError(error, silent);
    }

    #land(loss: Error | undefined): void {
      if (this.#isOver) return;
      this.#isOver = true;
      const { pieces, landed } = this.#input;
      this.callback?.(null);
      landed({ skipped: pieces.slice(this.#at), refusal: this.#isBegun ? undefined : this.#refusal, loss });
    }
  };
}
