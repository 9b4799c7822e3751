/** The one query that takes all keys of a flight. Pure. */
import type { Statement } from '../driver/statement.ts';
import { arrayLiteral } from '../driver/text.ts';
import { columnAt } from '../drizzle/table.ts';
import { catalogSql } from '../facts/catalog-sql.ts';
import { isUnchanged } from '../facts/fingerprint.ts';
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
  const mark = token === undefined ? "''" : `pg_catalog.set_config('${tokenSetting}', '${token}', true)`;
  const compared =
    facts.length === 0
      ? mark
      : `case when ${areUnchanged(facts, param)} then ${mark} else ${factsChanged} end`;
  const bounded = lockTimeout && token !== undefined ? boundByQuery(lockTimeout) : undefined;
  // The bound comes first, because the comparison takes locks too.
  const columns = [
    bounded ? `pg_catalog.concat(${bounded}, ${compared})` : compared,
    ...lists.map((list) => {
      const taken = `(select ${asText(list)} from (${takeKeys(list, param)}) s)`;
      return token === undefined ? taken : `pg_catalog.set_config('${settingOf(list)}', ${taken}, true)`;
    }),
  ];
  return { text: `select ${columns.join(', ')}`, params, answer: 'raw', guarded: true };
}

/** Whether names, role and catalog are as the facts say. It is one comparison for any number of tables. */
function areUnchanged(facts: KeyQueryInput['facts'], param: (value: string) => string): string {
  const list = (values: readonly string[]) => param(arrayLiteral(values));
  const tables = facts.map(([, table]) => table);
  const names = list(facts.map(([name]) => name));
  const oids = list(tables.map(({ oid }) => oid));
  const states = tables.map(({ state }) => state);
  const users = list([...new Set(tables.map(({ user }) => user))]);
  return (
    `(select pg_catalog.bool_and(${isSame}) from rows from (` +
    `pg_catalog.unnest(${names}::pg_catalog.text[]), pg_catalog.unnest(${oids}::pg_catalog.oid[])) as u(name, oid)) ` +
    `and current_user::pg_catalog.text operator(pg_catalog.=) all (${users}::pg_catalog.text[]) and ${isUnchanged(states, list)}`
  );
}

/**
 * Whether a name still means the relation of the facts.
 *
 * Inside a transaction a backend notices the DDL of others only when it takes a lock, as `pg_relation_size` does.
 * Without it `to_regclass` may return a cached relation.
 */
const isSame = catalogSql(
  `coalesce(case when pg_catalog.pg_relation_size(u.oid, 'init') >= 0 then pg_catalog.to_regclass(u.name)::oid = u.oid end, false)`,
);

/**
 * Writes consecutive keys as first and last, `1:100`, which stays short for a million keys. The server checks
 * that they are consecutive and in the order of the draw. Other keys are listed: `1,3,4`.
 */
function asText({ facts }: KeyList): string {
  const listed = "pg_catalog.array_to_string(pg_catalog.array_agg(k), ',')";
  if (!isDrawn(facts)) return listed;
  const [first, last] = ['min', 'max'].map((end) => `pg_catalog.${end}(k)`);
  return catalogSql(
    `case when pg_catalog.min(k - n) = pg_catalog.max(k - n) then ${first}::text || ':' || ${last}::text else ${listed} end`,
  );
}

function takeKeys(list: KeyList, param: (value: string) => string): string {
  const series = `pg_catalog.generate_series(1, ${param(String(list.size))}::pg_catalog.int4)`;
  const { keys } = list.facts;
  if (!isDrawn(list.facts)) return `select pg_catalog.${keys} k from ${series}`;
  const table = param(list.shape.name);
  const column = param(columnAt(list.shape, list.column).name);
  // OFFSET 0 keeps the look-up out of the loop. The server looks the sequence up at each flush, so it can't
  // be outdated.
  const sequence =
    keys === 'identity'
      ? `pg_catalog.pg_get_serial_sequence(${table}, ${column})::pg_catalog.regclass`
      : sequenceOfDefault(table, column);
  return `select pg_catalog.nextval(q.sequence) k, n from (select ${sequence} as sequence offset 0) q, ${series} n`;
}

/** The sequence that a column's default draws from. The column need not own it. */
function sequenceOfDefault(table: string, column: string): string {
  return catalogSql(`(select e.refobjid::regclass from pg_catalog.pg_attribute a
    join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    join pg_catalog.pg_depend e on e.classid = 'pg_catalog.pg_attrdef'::regclass and e.objid = d.oid
    join pg_catalog.pg_class s on s.oid = e.refobjid and s.relkind = 'S'
    where e.refclassid = 'pg_catalog.pg_class'::regclass and a.attrelid = pg_catalog.to_regclass(${table})::oid and a.attname = ${column}::text)`);
}
