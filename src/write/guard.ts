/** What keeps a flight from being written by halves. */
import { codeOf } from '../errors.ts';
import { columnTypes } from '../facts/facts-query.ts';
import type { Chunk } from '../plan/chunk.ts';
import type { KeyList } from '../take/key-run.ts';
import { areWhole } from './kept-keys.ts';
import type { Params } from './params.ts';

/** Holds the flight's token in the server for the length of its transaction. */
export const tokenSetting = 'batched_drizzle.t';

const changed = 'batched_drizzle: table facts changed';

const outside = 'batched_drizzle: outside its transaction';

/**
 * ` where …`, true in the flight's own transaction and for the table it was written for, an error elsewhere.
 *
 * If BEGIN fails, the server still runs the statements behind it, each committed by itself; a statement that
 * ends in this guard writes nothing then. It raises, rather than being false, so that a transaction which
 * lost its token or a key would roll back instead of committing without the rows.
 *
 * The table is compared here too, although the key query has compared it: only the INSERT's own lock makes a
 * backend see that another one has dropped the table, and keeps it from being dropped from then on.
 */
export function insertGuard({ chunk, token, params }: GuardedInsert, lists: readonly KeyList[]): string {
  const { shape, facts } = chunk;
  const isChanged = facts && isOther(params.add(shape.name), params.add(facts.oid), params.add(facts.types));
  const isInFlight = token === undefined ? [] : [`current_setting('${tokenSetting}', true) = '${token}'`];
  const conditions = [...isInFlight, ...areWhole(lists)].join(' and ');
  if (!isChanged && !conditions) return '';
  const stale = isChanged ? ` when ${isChanged} then ${raise(changed)}` : '';
  return ` where case${stale} when ${conditions || 'true'} then true else ${raise(outside)} end`;
}

/** Stands in the place of a statement that can't be written. */
export const failTransaction = `select ${raise('batched_drizzle: a statement could not be written')}`;

/** Whether the name stands for another relation, or one whose columns have other types. */
function isOther(name: string, oid: string, types: string): string {
  return `to_regclass(${name})::oid is distinct from ${oid}::oid or ${columnTypes(`${oid}::oid`)} is distinct from ${types}`;
}

interface GuardedInsert {
  readonly chunk: Chunk;
  readonly token: string | undefined;
  readonly params: Params;
}

/** An error for facts that no longer hold, in the place of a text. */
export const factsChanged = `${raise(changed)}::text`;

/** An error of facts that no longer hold, or one that may be: a type or a column that is not there any more. */
export function isStale(error: unknown): boolean {
  return isFactsChanged(error) || ['42703', '42704', '42804'].includes(codeOf(error) ?? '');
}

export function isFactsChanged(error: unknown): boolean {
  return error instanceof Error && error.message.includes(changed);
}

/** An expression that fails when it is evaluated; `current_user` keeps the planner from doing so ahead of time. */
function raise(message: string): string {
  return `('${message}: ' || current_user)::boolean`;
}
