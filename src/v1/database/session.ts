/** drizzle's session, for the database and for a transaction, in which every statement flushes first. */
import type { Query } from 'drizzle-orm';
import type { PgAsyncPreparedQuery, PgTransactionConfig, PreparedQueryConfig } from 'drizzle-orm/pg-core';
import { keepReplaced } from '../../database/by-session.ts';
import { inPlace } from '../../database/in-place.ts';
import { forgetAfter, mayDoAnything, senderOf } from '../../database/one-trip.ts';
import { inOrder } from '../../database/prefaced.ts';
import { isHarmlessSelect } from '../../drizzle/harmless-select.ts';
import { isRawStatement } from '../../drizzle/internals.ts';
import { giveKind } from '../../drizzle/kind.ts';
import { readTransactionOptions, type TransactionBatchOptions } from '../../options.ts';
import type { DatabaseUnit } from '../../unit-of-work/database-unit.ts';
import { writeInOrder, writing } from '../../unit-of-work/late-writing.ts';
import type { TransactionUnit } from '../../unit-of-work/transaction-unit.ts';
import type { AnySession, AnyTransaction, Prepare, SessionClass } from '../drizzle/classes.ts';
import {
  clientOf,
  type DatabaseParts,
  sendingBy,
  snapshotStatement,
  transactionModes,
} from '../drizzle/database.ts';

/** As in drizzle a nested transaction does not go through `transaction()` of the session, which tracers replace. */
export interface NestingSession {
  nest<T>(callback: (tx: AnyTransaction) => Promise<T>): Promise<T>;
}

/** Makes the transaction object. A parameter, since its class imports the sessions, and not the reverse. */
export type MakeTransaction = (
  parts: DatabaseParts,
  session: AnySession,
  unit: TransactionUnit,
) => AnyTransaction;

/** drizzle's modes of a transaction, with options of this library's own. */
export type BatchedTransactionConfig = PgTransactionConfig & {
  /** Options for this transaction alone. */
  batch?: TransactionBatchOptions;
};

export interface BatchedSessions {
  readonly OfDatabase: new (parts: DatabaseParts, unit: DatabaseUnit) => AnySession;
  readonly OfTransaction: new (parts: DatabaseParts, unit: TransactionUnit) => AnySession;
}

/** drizzle's sessions of a driver: that of the database, and that of a transaction. */
export function batchedSessions(Base: SessionClass, makeTransaction: MakeTransaction): BatchedSessions {
  class OfDatabase extends Base {
    static {
      giveKind(OfDatabase, 'BatchedSession');
    }

    constructor(
      readonly parts: DatabaseParts,
      readonly unit: DatabaseUnit | TransactionUnit,
      client: unknown = parts.client,
    ) {
      super(client, parts.dialect, parts.relations, parts.options);
    }

    /** The program has put a function of its own in the place of `prepareQuery`. */
    get isReplaced(): boolean {
      return this.prepareQuery !== prepareQuery || Base.prototype.prepareQuery !== ofDrizzle;
    }

    /**
     * Every statement goes through here: `execute()`, `arrays()` and `objects()` of the session prepare theirs, too.
     * Transactions inherit it, as in drizzle: what replaces it on the class gets their statements, too.
     */
    override prepareQuery<T extends PreparedQueryConfig>(
      ...args: Parameters<Prepare>
    ): PgAsyncPreparedQuery<T> {
      const [query, , , mapper, metadata] = args;
      const isRaw = mayDoAnything(query, !isRawStatement(metadata, mapper));
      return this.wrap(prepareInOneTrip<T>(this, super.prepareQuery, args, isRaw), query, isRaw);
    }

    /** Has a prepared statement executed when its turn comes. */
    protected wrap<Prepared extends object>(prepared: Prepared, _query: Query, _isRaw: boolean): Prepared {
      return inOrder(prepared, this.unit.context);
    }

    override transaction<T>(
      callback: (tx: AnyTransaction) => Promise<T>,
      config: PgTransactionConfig = {},
    ): Promise<T> {
      const { batch, ...rest } = config as BatchedTransactionConfig;
      const { context } = this.unit;
      const options = readTransactionOptions(batch, context.options);
      const snapshot = snapshotStatement(rest);
      const own = options === context.options ? context : { ...context, options };
      const work = async (unit: TransactionUnit): Promise<T> => {
        const tx = transactionOf(this.parts, unit);
        if (snapshot) await tx.execute(snapshot);
        return callback(tx);
      };
      const modes = transactionModes(rest);
      return writeInOrder(own, ({ runTransaction }) => runTransaction(own, work, modes));
    }
  }

  const { prepareQuery } = OfDatabase.prototype;
  const ofDrizzle = Base.prototype.prepareQuery;

  class OfTransaction extends OfDatabase {
    static {
      giveKind(OfTransaction, 'BatchedTransactionSession');
    }

    declare readonly unit: TransactionUnit;

    constructor(parts: DatabaseParts, unit: TransactionUnit) {
      const { state } = unit;
      const client = state.connection.client({
        sent: () => state.line.sent(),
        failed: (error) => unit.fail(error, true),
      });
      super(parts, unit, client);
    }

    protected override wrap<Prepared extends object>(
      prepared: Prepared,
      query: Query,
      isRaw: boolean,
    ): Prepared {
      const reads = this.unit.state.queued !== undefined && isHarmlessSelect(query.sql);
      const effect = isRaw ? 'anything' : reads ? 'reads' : 'writes';
      return inPlace(prepared, this.unit, effect, this.unit.preparing);
    }

    override transaction<T>(callback: (tx: AnyTransaction) => Promise<T>): Promise<T> {
      return this.nest(callback);
    }

    nest<T>(callback: (tx: AnyTransaction) => Promise<T>): Promise<T> {
      return writing.use(({ runNested }) =>
        runNested(this.unit, (unit) => callback(transactionOf(this.parts, unit, this))),
      );
    }
  }

  const transactionOf = (
    parts: DatabaseParts,
    unit: TransactionUnit,
    outer?: OfTransaction,
  ): AnyTransaction => makeTransaction(parts, keepReplaced(new OfTransaction(parts, unit), outer), unit);
  return { OfDatabase, OfTransaction };
}

/** A prepared statement sends itself by the client of the session that has prepared it. */
function prepareInOneTrip<T extends PreparedQueryConfig>(
  session: AnySession & { readonly unit: DatabaseUnit | TransactionUnit },
  prepare: AnySession['prepareQuery'],
  args: Parameters<Prepare>,
  isRaw: boolean,
): PgAsyncPreparedQuery<T> {
  const [query] = args;
  const { context } = session.unit;
  const sender = senderOf(query, isRaw, context);
  const sending = sender ? sendingBy(session, sender(clientOf(session))) : session;
  const prepared = prepare.call(sending, ...args) as PgAsyncPreparedQuery<T>;
  if (isRaw) forgetAfter(prepared, query, context);
  return prepared;
}
