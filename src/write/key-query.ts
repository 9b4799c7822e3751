/** The one query that takes all keys of a flight. Pure. */
import type { Statement } from '../driver/statement.ts';
import { arrayLiteral } from '../driver/text.ts';
import { catalogSql } from '../facts/catalog-sql.ts';
import { isUnchanged, rightsOf } from '../facts/fingerprint.ts';
import type { TableFacts } from '../facts/table-facts.ts';
import type { KeyList } from '../take/key-run.ts';
import { goesOn, halt, meansRelation, tokenSetting } from './guard.ts';
import { mayBeRange, settingOf } from './kept-keys.ts';
import { boundByQuery } from './lock-timeout.ts';
import { factsChanged } from './raise.ts';

export interface KeyQueryInput {
  readonly lists: readonly KeyList[];
  /** The tables whose facts the flight relies on, by their names in SQL. */
  readonly facts: readonly (readonly [name: string, facts: TableFacts])[];
  /** Marks the flight's transaction in the server. `undefined` if `set_config` must not be used. */
  readonly token: string | undefined;
  /** The token of a pipeline that `haltQuery` may halt. */
  readonly pipeline?: string | undefined;
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
export function keyQuery({ lists, facts, token, pipeline, lockTimeout }: KeyQueryInput): Statement {
  const params: string[] = [];
  const param = (value: string): string => `$${params.push(value)}`;
  const mark = token === undefined ? "''" : `pg_catalog.set_config('${tokenSetting}', '${token}', true)`;
  const conditions = [
    ...(pipeline === undefined ? [] : [goesOn(pipeline)]),
    ...(facts.length === 0 ? [] : [areUnchanged(facts, param)]),
  ].join(' and ');
  const compared = conditions ? `case when ${conditions} then ${mark} else ${factsChanged} end` : mark;
  const bounded = lockTimeout && token !== undefined ? boundByQuery(lockTimeout) : undefined;
  // The bound comes first, because the comparison takes locks too.
  const columns = [
    bounded ? `pg_catalog.concat(${bounded}, ${compared})` : compared,
    ...lists.map((list) => {
      const taken = takeKeys(list, param);
      return token === undefined ? taken : `pg_catalog.set_config('${settingOf(list)}', ${taken}, true)`;
    }),
  ];
  return { text: `select ${columns.join(', ')}`, params, answer: 'raw', guarded: true };
}

/** Halts a pipeline if its tables have changed. It takes no lock, so it waits for none. */
export function haltQuery(facts: KeyQueryInput['facts'], pipeline: string): Statement {
  const params: string[] = [];
  const unchanged = areUnchanged(facts, (value) => `$${params.push(value)}`, false);
  const text = `select case when (${unchanged}) is not true then ${halt(pipeline)} end`;
  return { text, params, answer: 'raw', guarded: true };
}

/** Whether names, role and catalog are as the facts say. */
export function areUnchanged(
  facts: KeyQueryInput['facts'],
  param: (value: string) => string,
  mayLock = true,
): string {
  const list = (values: readonly string[]) => param(arrayLiteral(values));
  const names = facts.map(([name, table]) => isSame(param(name), table, param(table.oid), mayLock));
  const tables = facts.map(([, table]) => table);
  const users = list([...new Set(tables.map(({ user }) => user))]);
  const role = `current_user::pg_catalog.text operator(pg_catalog.=) all (${users}::pg_catalog.text[])`;
  const states = tables.map(({ state }) => state);
  return [...names, role, isUnchanged(states, list)].join(' and ');
}

/**
 * Whether a name still means the relation of the facts, and the role has the same rights to it.
 *
 * Inside a transaction a backend notices the DDL of others only when it takes a lock, as `pg_relation_size` does.
 * Without it `to_regclass` may return a cached relation. It notices them when a transaction begins, too.
 */
function isSame(name: string, { rights }: TableFacts, param: string, mayLock: boolean): string {
  const oid = `${param}::pg_catalog.oid`;
  const isThere = `pg_catalog.pg_relation_size(${oid}, 'init') operator(pg_catalog.>=) 0`;
  const same = `${meansRelation(name, param)} and ${rightsOf(oid)} operator(pg_catalog.=) '${rights}'`;
  return mayLock ? `case when ${isThere} then ${same} end` : same;
}

/**
 * The text of the keys, listed as `1,3,4`. Many consecutive keys are their first and last one, `1:1000`: the server checks
 * that they are consecutive and in the order of the draw.
 */
function takeKeys(list: KeyList, param: (value: string) => string): string {
  const { sequence, keys } = list.facts;
  const series = `pg_catalog.generate_series(1, ${param(String(list.size))}::pg_catalog.int4)`;
  const made = sequence
    ? `pg_catalog.nextval(${param(sequence)}::pg_catalog.regclass)`
    : `pg_catalog.${keys}`;
  if (!mayBeRange(list)) return `pg_catalog.array_to_string(array(select ${made} from ${series}), ',')`;
  const [first, last] = ['min', 'max'].map((end) => `pg_catalog.${end}(k)`);
  return catalogSql(
    `(select case when pg_catalog.min(k - n) = pg_catalog.max(k - n) then ${first}::text || ':' || ${last}::text ` +
      `else pg_catalog.array_to_string(pg_catalog.array_agg(k), ',') end from (select ${made} k, n from ${series} n) s)`,
  );
}
