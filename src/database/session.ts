/** drizzle's session, for the database and for a transaction, in which every statement flushes first. */

import type { Query, SQL } from 'drizzle-orm';
import type { PgPreparedQuery, PgTransactionConfig, PreparedQueryConfig } from 'drizzle-orm/pg-core';
import type { FlushContext } from '../context.ts';
import type { AnySession, SessionClass } from '../drizzle/classes.ts';
import { type DatabaseParts, sendBy, transactionModes } from '../drizzle/database.ts';
import { isHarmlessSelect } from '../drizzle/harmless-select.ts';
import { isRawStatement } from '../drizzle/internals.ts';
import { giveKind } from '../drizzle/kind.ts';
import { readTransactionOptions, type TransactionBatchOptions } from '../options.ts';
import type { DatabaseUnit } from '../unit-of-work/database-unit.ts';
import { writeInOrder, writing } from '../unit-of-work/late-writing.ts';
import { nothingNamed } from '../unit-of-work/own-statement.ts';
import type { TransactionUnit } from '../unit-of-work/transaction-unit.ts';
import { keepReplaced } from './by-session.ts';
import { inPlace } from './in-place.ts';
import { forgetAfter, mayDoAnything, senderOf } from './one-trip.ts';
import { inOrder } from './prefaced.ts';

/** A transaction object of any driver, as a callback gets it. */
type AnyTransaction = Parameters<Parameters<AnySession['transaction']>[0]>[0];

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
export interface BatchedTransactionConfig extends PgTransactionConfig {
  /** Options for this transaction alone. */
  batch?: TransactionBatchOptions;
}

type Prepare = AnySession['prepareQuery'];
type AnyPrepared = PgPreparedQuery<PreparedQueryConfig>;

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
      super(client, parts.dialect, parts.schema, parts.options);
    }

    /** The program has put a function of its own in the place of `prepareQuery`. */
    get isReplaced(): boolean {
      return this.prepareQuery !== prepareQuery || Base.prototype.prepareQuery !== ofDrizzle;
    }

    /**
     * Every statement goes through here, also those of methods that this class does not know. A list of methods could miss one.
     * Transactions inherit it, as in drizzle: what replaces it on the class gets their statements, too.
     */
    override prepareQuery<T extends PreparedQueryConfig>(...args: Parameters<Prepare>): PgPreparedQuery<T> {
      const [query, , , , mapper, metadata] = args;
      const isRaw = mayDoAnything(query, !isRawStatement(metadata, mapper));
      return this.wrap(super.prepareQuery<T>(...args), query, isRaw);
    }

    /** Has a prepared statement sent in one round trip. */
    protected wrap<Prepared extends AnyPrepared>(prepared: Prepared, query: Query, isRaw: boolean): Prepared {
      sendInOneTrip(prepared, query, isRaw, this.unit.context);
      return inOrder(prepared, this.unit.context);
    }

    override transaction<T>(
      callback: (tx: AnyTransaction) => Promise<T>,
      config?: BatchedTransactionConfig,
    ): Promise<T> {
      const { batch, ...rest } = config ?? {};
      const { context } = this.unit;
      const options = readTransactionOptions(batch, context.options);
      const isModal = config !== undefined && !(batch !== undefined && Object.keys(rest).length === 0);
      const modes = isModal ? transactionModes(rest, this.parts.dialect) : undefined;
      const own = options === context.options ? context : { ...context, options };
      return writeInOrder(own, ({ runTransaction }) =>
        runTransaction(own, (unit) => callback(transactionOf(this.parts, unit)), modes),
      );
    }
  }

  const { prepareQuery } = OfDatabase.prototype;
  const ofDrizzle = Base.prototype.prepareQuery;

  class OfTransaction extends OfDatabase {
    static {
      giveKind(OfTransaction, 'BatchedTransactionSession');
    }

    declare readonly unit: TransactionUnit;
    private isCounting = false;

    constructor(parts: DatabaseParts, unit: TransactionUnit) {
      const { state } = unit;
      const client = state.connection.client({
        sent: () => state.line.sent(),
        failed: (error) => unit.fail(error, true),
      });
      super(parts, unit, client);
      wrapDirect(this, unit);
    }

    protected override wrap<Prepared extends AnyPrepared>(
      prepared: Prepared,
      query: Query,
      mayBeRaw: boolean,
    ): Prepared {
      const isRaw = mayBeRaw && !this.isCounting;
      const reads = this.unit.state.queued !== undefined && isHarmlessSelect(query.sql);
      const effect = isRaw ? 'anything' : reads ? 'reads' : 'writes';
      sendInOneTrip(prepared, query, isRaw, this.unit.context);
      return inPlace(prepared, this.unit, effect, this.unit.preparing);
    }

    /** drizzle's `count` looks like raw SQL. It prepares its statement synchronously, so the flag is seen. */
    override count(query: SQL): Promise<number> {
      this.isCounting = true;
      try {
        return super.count(query);
      } finally {
        this.isCounting = false;
      }
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

function sendInOneTrip(prepared: AnyPrepared, query: Query, isRaw: boolean, context: FlushContext): void {
  const sender = senderOf(query, isRaw, context);
  if (sender) sendBy(prepared, sender);
  if (isRaw) forgetAfter(prepared, query, context);
}

/** Some drivers' sessions have methods that send text without preparing it. */
function wrapDirect(session: object, unit: TransactionUnit): void {
  type Send = (...args: unknown[]) => Promise<unknown>;
  const methods = session as { query?: Send; queryObjects?: Send };
  const wrap =
    (send: Send): Send =>
    (...args) =>
      unit.statement({ effect: 'anything', named: nothingNamed }, () =>
        unit.state.hearing.hear(async () => send.apply(session, args)),
      );
  if (methods.query) methods.query = wrap(methods.query);
  if (methods.queryObjects) methods.queryObjects = wrap(methods.queryObjects);
}
