/** The one query that takes all keys of a flight. Pure. */
import type { Statement } from '../driver/statement.ts';
import { columnAt } from '../drizzle/table.ts';
import { tableState } from '../facts/facts-query.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import type { KeyList } from '../take/key-run.ts';
import { factsChanged, tokenSetting } from './guard.ts';
import { isDrawn, settingOf } from './kept-keys.ts';
import { boundByQuery } from './lock-timeout.ts';

export interface KeyQueryInput {
  readonly lists: readonly KeyList[];
  /** The tables whose facts the flight relies on, by their names in SQL. */
  readonly facts: readonly (readonly [name: string, facts: TableFacts])[];
  /** Marks the flight's transaction in the server. `undefined` if `set_config` must not be used. */
  readonly token: string | undefined;
  /** The longest time that this query and the statements behind it wait for a lock. */
  readonly lockTimeout?: string | undefined;
}

/**
 * Compares the facts, marks the transaction, and takes the keys.
 *
 * The client gets the keys, *and* `set_config(…, true)` keeps them in the transaction. The INSERTs behind the
 * query therefore need not wait for its answer. One `nextval` over `generate_series` is the idea of
 * Benchling's sqlalchemy_batch_inserts.
 */
export function keyQuery({ lists, facts, token, lockTimeout }: KeyQueryInput): Statement {
  const params: string[] = [];
  const param = (value: string): string => `$${params.push(value)}`;
  const isUnchanged = facts.map(([name, { oid, user, state }]) => {
    const relation = `${param(oid)}::oid`;
    // Inside a transaction a backend notices the DDL of others only when it takes a lock, as this call does.
    // Without it `to_regclass` may return a cached relation.
    const isRefreshed = `pg_relation_size(${relation}, 'init') is distinct from -1`;
    const isSame = `to_regclass(${param(name)})::oid = ${relation} and current_user = ${param(user)}`;
    return `${isRefreshed} and ${isSame} and ${tableState(relation)} = ${param(state)}`;
  });
  const mark = token === undefined ? "''" : `set_config('${tokenSetting}', '${token}', true)`;
  const compared =
    isUnchanged.length === 0
      ? mark
      : `case when ${isUnchanged.join(' and ')} then ${mark} else ${factsChanged} end`;
  const bounded = lockTimeout && token !== undefined ? boundByQuery(lockTimeout) : undefined;
  // The bound comes first, because the comparison takes locks too.
  const columns = [
    bounded ? `concat(${bounded}, ${compared})` : compared,
    ...lists.map((list) => {
      const taken = `(select ${asText(list)} from (${takeKeys(list, param)}) s)`;
      return token === undefined ? taken : `set_config('${settingOf(list)}', ${taken}, true)`;
    }),
  ];
  return { text: `select ${columns.join(', ')}`, params, answer: 'raw', guarded: true };
}

/**
 * Writes consecutive keys as first and last, `1:100`, which stays short for a million keys. The server checks
 * that they are consecutive and in the order of the draw. Other keys are listed: `1,3,4`.
 */
function asText({ facts }: KeyList): string {
  const listed = `array_to_string(array_agg(k), ',')`;
  if (!isDrawn(facts)) return listed;
  return `case when min(k - n) = max(k - n) then min(k) || ':' || max(k) else ${listed} end`;
}

function takeKeys(list: KeyList, param: (value: string) => string): string {
  const series = `generate_series(1, ${param(String(list.size))}::int)`;
  const { keys } = list.facts;
  if (!isDrawn(list.facts)) return `select ${keys} k from ${series}`;
  const table = param(list.shape.name);
  const column = param(columnAt(list.shape, list.column).name);
  // OFFSET 0 keeps the look-up out of the loop. The server looks the sequence up at each flush, so it can't
  // be outdated.
  const sequence =
    keys === 'identity'
      ? `pg_get_serial_sequence(${table}, ${column})::regclass`
      : sequenceOfDefault(table, column);
  return `select nextval(q.sequence) k, n from (select ${sequence} as sequence offset 0) q, ${series} n`;
}

/** The sequence that a column's default draws from. The column need not own it. */
function sequenceOfDefault(table: string, column: string): string {
  return `(select e.refobjid::regclass from pg_catalog.pg_attribute a
    join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    join pg_catalog.pg_depend e on e.classid = 'pg_catalog.pg_attrdef'::regclass and e.objid = d.oid
    join pg_catalog.pg_class s on s.oid = e.refobjid and s.relkind = 'S'
    where e.refclassid = 'pg_catalog.pg_class'::regclass and a.attrelid = to_regclass(${table}) and a.attname = ${column})`;
}
