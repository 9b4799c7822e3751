/** The one query that takes every key of a flight, and the reading of its answer. Pure. */

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
  /** Tables of the flight whose facts it rests on, by their names in SQL. */
  readonly facts: readonly (readonly [name: string, facts: TableFacts])[];
  /** Marks the flight's transaction in the server; `undefined` where `set_config` is not to be used. */
  readonly token: string | undefined;
  /** How long this query and all statements behind it wait for a lock at most. */
  readonly lockTimeout?: string | undefined;
}

/**
 * Compares the facts, marks the transaction, and takes the keys.
 *
 * Keys are returned to the client *and* kept in the transaction with `set_config(…, true)`, so that the
 * INSERTs behind it need not wait for the answer. The idea of one `nextval` over `generate_series` is that
 * of Benchling's sqlalchemy_batch_inserts.
 */
export function keyQuery({ lists, facts, token, lockTimeout }: KeyQueryInput): Statement {
  const params: string[] = [];
  const param = (value: string): string => `$${params.push(value)}`;
  const isUnchanged = facts.map(([name, { oid, user, state }]) => {
    const relation = `${param(oid)}::oid`;
    // Inside a transaction a backend hears of others' DDL only when it locks something, as this does; a name
    // looked up before would be the one it remembers.
    const isHeard = `pg_relation_size(${relation}, 'init') is distinct from -1`;
    const isSame = `to_regclass(${param(name)})::oid = ${relation} and current_user = ${param(user)}`;
    return `${isHeard} and ${isSame} and ${tableState(relation)} = ${param(state)}`;
  });
  const mark = token === undefined ? "''" : `set_config('${tokenSetting}', '${token}', true)`;
  const compared =
    isUnchanged.length === 0
      ? mark
      : `case when ${isUnchanged.join(' and ')} then ${mark} else ${factsChanged} end`;
  const bounded = lockTimeout && token !== undefined ? boundByQuery(lockTimeout) : undefined;
  // The bound comes first, since the comparison takes locks, too.
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
 * Keys that follow one another are told by the first and the last, `1:100`, which a million of them fit as well; that they
 * do, and in the order in which they were drawn, is the server's finding. Others are listed, `1,3,4`.
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
  // OFFSET 0 keeps the look-up out of the loop; the sequence is found by the server, at each flush.
  const sequence =
    keys === 'identity'
      ? `pg_get_serial_sequence(${table}, ${column})::regclass`
      : sequenceOfDefault(table, column);
  return `select nextval(q.sequence) k, n from (select ${sequence} as sequence offset 0) q, ${series} n`;
}

/** The sequence that a column's default draws from, which the column need not own. */
function sequenceOfDefault(table: string, column: string): string {
  return `(select e.refobjid::regclass from pg_catalog.pg_attribute a
    join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    join pg_catalog.pg_depend e on e.classid = 'pg_catalog.pg_attrdef'::regclass and e.objid = d.oid
    join pg_catalog.pg_class s on s.oid = e.refobjid and s.relkind = 'S'
    where e.refclassid = 'pg_catalog.pg_class'::regclass and a.attrelid = to_regclass(${table}) and a.attname = ${column})`;
}
