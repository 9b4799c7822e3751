/** Where a load is written. */
import type { TablesRelationalConfig } from 'drizzle-orm/relations';
import { sessionOf } from '../drizzle/insert.ts';
import type { DatabaseSession, TransactionSession } from '../session.ts';
import { runNested, runTransaction } from '../transaction.ts';
import type { TransactionUnit } from '../transaction-unit.ts';
import type { LoadTarget } from './run-load.ts';

type Schema = Record<string, unknown>;

/** In transactions of the library's own. */
export function onDatabase<TFullSchema extends Schema, TSchema extends TablesRelationalConfig>({
  parts,
  unit: { context },
}: DatabaseSession<TFullSchema, TSchema>): LoadTarget {
  return {
    context,
    isNested: false,
    transaction: (work) => runTransaction(parts, context, (tx) => work(unitOf(tx)), undefined),
  };
}

/** In a savepoint of the caller's transaction. */
export function inTransaction<TFullSchema extends Schema, TSchema extends TablesRelationalConfig>({
  parts,
  unit,
}: TransactionSession<TFullSchema, TSchema>): LoadTarget {
  return {
    context: unit.context,
    isNested: true,
    transaction: (work) => runNested(parts, unit, (tx) => work(unitOf(tx))),
  };
}

function unitOf(tx: object): TransactionUnit {
  return (sessionOf(tx) as unknown as { readonly unit: TransactionUnit }).unit;
}
