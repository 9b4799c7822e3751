/** drizzle's insert builder. Its `values()` reads the rows and queues them. */

import {
  type PgDialect,
  PgInsertBuilder,
  type PgInsertValue,
  type PgQueryResultHKT,
  type PgTable,
} from 'drizzle-orm/pg-core';
import { builderParts, type InsertSession } from '../drizzle/insert.ts';
import { giveKind } from '../drizzle/kind.ts';
import type { UnitOfWork } from '../unit-of-work/unit-of-work.ts';
import { BatchedInsert } from './insert.ts';
import { queueValues } from './queue-values.ts';

/**
 * drizzle's insert builder. Rows are queued; rows with placeholders, and `select()`, give drizzle's own
 * insert.
 */
export class BatchedInsertBuilder<
  TTable extends PgTable,
  TQueryResult extends PgQueryResultHKT,
  OverrideT extends boolean = false,
> extends PgInsertBuilder<TTable, TQueryResult, OverrideT> {
  static {
    giveKind(BatchedInsertBuilder, 'BatchedInsertBuilder');
  }

  private readonly unit: UnitOfWork;

  constructor(table: TTable, session: InsertSession, dialect: PgDialect, unit: UnitOfWork) {
    super(table, session, dialect);
    this.unit = unit;
    // The program may have put another one in its place.
    unit.session = session;
  }

  override overridingSystemValue(): Omit<
    BatchedInsertBuilder<TTable, TQueryResult, true>,
    'overridingSystemValue'
  > {
    return super.overridingSystemValue() as unknown as BatchedInsertBuilder<TTable, TQueryResult, true>;
  }

  /**
   * Queues the rows with the values they have now. Later changes to the objects change nothing, and
   * `$defaultFn` runs here, once.
   *
   * @throws {Error} for an empty array
   * @example
   * await db.insert(users).values({ name: 'Ada' });
   * // insert into "users" ("id", "name") values (default, $1)
   */
  override values(value: PgInsertValue<TTable, OverrideT>): BatchedInsert<TTable, TQueryResult>;
  override values(values: PgInsertValue<TTable, OverrideT>[]): BatchedInsert<TTable, TQueryResult>;
  override values(
    values: PgInsertValue<TTable, OverrideT> | PgInsertValue<TTable, OverrideT>[],
  ): BatchedInsert<TTable, TQueryResult> {
    return queueValues(builderParts<TTable>(this), this.unit, values, {
      plain: (rows) => super.values(rows) as BatchedInsert<TTable, TQueryResult>,
      below: this.values,
      queued: (entry) => new BatchedInsert<TTable, TQueryResult>(entry, this.unit),
    });
  }
}
