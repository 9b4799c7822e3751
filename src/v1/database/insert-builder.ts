/** drizzle's insert builder. Its `values()` reads the rows and queues them. */
import {
  type PgAsyncInsertHKT,
  type PgDialect,
  PgInsertBuilder,
  type PgQueryResultHKT,
  type PgTable,
} from 'drizzle-orm/pg-core';
import { queueValues } from '../../database/queue-values.ts';
import { builderParts, type InsertSession } from '../../drizzle/insert.ts';
import { giveKind } from '../../drizzle/kind.ts';
import type { UnitOfWork } from '../../unit-of-work/unit-of-work.ts';
import { type BatchedInsertHKT, QueuedInsert } from './insert.ts';
import { InsertBase } from './insert-base.ts';

/**
 * drizzle's insert builder. Rows are queued with the values they have at the call of `values()`; rows with placeholders, and
 * `select()`, give drizzle's own insert.
 *
 * @example
 * await db.insert(users).values({ name: 'Ada' });
 * // insert into "users" ("id", "name") values (default, $1)
 */
export type BatchedInsertBuilder<
  TTable extends PgTable,
  TQueryResult extends PgQueryResultHKT,
  OverrideT extends boolean = false,
> = Pick<PgInsertBuilder<TTable, TQueryResult, 'all', OverrideT, PgAsyncInsertHKT>, 'select'> &
  PgInsertBuilder<TTable, TQueryResult, 'all', OverrideT, BatchedInsertHKT>;

export class QueuedInsertBuilder extends PgInsertBuilder<PgTable, PgQueryResultHKT> {
  static {
    giveKind(QueuedInsertBuilder, 'BatchedInsertBuilder');
  }

  private readonly unit: UnitOfWork;

  constructor(table: PgTable, session: InsertSession, dialect: PgDialect, unit: UnitOfWork) {
    super(table, session, dialect, undefined, undefined, undefined, InsertBase as never);
    this.unit = unit;
    // The program may have put another one in its place.
    unit.session = session;
  }

  override values(values: object | object[]): never {
    const insert: object = queueValues<object, object>(builderParts(this), this.unit, values, {
      plain: (rows) => super.values(rows),
      below: this.values,
      queued: (entry) => new QueuedInsert(entry, this.unit),
    });
    return insert as never;
  }
}

/** The class, for `instanceof`. */
export const BatchedInsertBuilder: abstract new (...args: never[]) => object = QueuedInsertBuilder;
