/** Guards that let a flight write either all its rows or none. */
import type { TableShape } from '../drizzle/table.ts';
import { columnTypes } from '../facts/facts-query.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import type { Chunk } from '../plan/chunk.ts';
import type { KeyList } from '../take/key-run.ts';
import { areWhole } from './kept-keys.ts';
import type { Params } from './params.ts';
import { changed, outside, raise } from './raise.ts';

/** The setting that keeps the flight's token in the server until its transaction ends. */
export const tokenSetting = 'batched_drizzle.t';

/**
 * A ` where …` that is true in the flight's own transaction and for its own table, and raises an error
 * elsewhere.
 *
 * If BEGIN fails, the server still runs the statements behind it and commits each one alone. With this guard
 * they write nothing. The guard raises an error instead of being false. A transaction without its token or a
 * key then rolls back, and does not commit without the rows.
 *
 * The guard compares the table again, although the key query has compared it. Unless the flight has locked the table, only
 * the INSERT's own lock lets a backend see that another one dropped it. From then on the lock prevents a drop.
 */
export function insertGuard(
  { chunk, token, params, locked }: GuardedInsert,
  lists: readonly KeyList[],
): string {
  const { shape, facts } = chunk;
  const isChanged = facts && isOther(params, shape, facts, locked.has(shape));
  const isInFlight =
    token === undefined
      ? []
      : [`pg_catalog.current_setting('${tokenSetting}', true) operator(pg_catalog.=) '${token}'`];
  const conditions = [...isInFlight, ...areWhole(lists)].join(' and ');
  if (!isChanged && !conditions) return '';
  const stale = isChanged ? ` when ${isChanged} then ${raise(changed)}` : '';
  return ` where case${stale} when ${conditions || 'true'} then true else ${raise(outside)} end`;
}

/** Set for the session by a pipeline whose tables have changed. Unlike others it stays when its transaction ends. */
const haltSetting = 'batched_drizzle.h';

/** Lets no transaction behind it write that asks `goesOn`, on the same connection. */
export function halt(pipeline: string): string {
  return `pg_catalog.set_config('${haltSetting}', '${pipeline}', false)`;
}

/** Whether the pipeline was not halted. */
export function goesOn(pipeline: string): string {
  return `(pg_catalog.current_setting('${haltSetting}', true) operator(pg_catalog.=) '${pipeline}') is not true`;
}

/** Whether the name means another relation, or, unless it is locked, one whose columns have other types. */
function isOther(
  params: Params,
  { name }: TableShape,
  { oid, types }: TableFacts,
  isLocked: boolean,
): string {
  const [named, relation] = [params.add(name), params.add(oid)];
  const means = meansRelation(named, relation);
  if (isLocked) return `(${means}) is not true`;
  const typed = columnTypes(`${relation}::pg_catalog.oid`);
  return `(${means} and ${typed} operator(pg_catalog.=) ${params.add(types)}) is not true`;
}

/** Whether a name means a relation now. */
export function meansRelation(name: string, oid: string): string {
  return `pg_catalog.to_regclass(${name})::pg_catalog.oid operator(pg_catalog.=) ${oid}::pg_catalog.oid`;
}

interface GuardedInsert {
  readonly chunk: Chunk;
  readonly token: string | undefined;
  readonly params: Params;
  /** Tables that the transaction has locked before their facts were compared. */
  readonly locked: ReadonlySet<TableShape>;
}
