/** The query for the catalog's facts of tables, and the reading of its answer. */
import type { Statement } from '../driver/statement.ts';
import type { TableShape } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { catalogSql } from './catalog-sql.ts';
import { columns } from './columns-sql.ts';
import { hashesOfKind, rightsOf, watchedKinds } from './fingerprint.ts';
import { namedTables, tableNames } from './named-tables.ts';
import { proof } from './proof-sql.ts';
import type { ColumnFacts, TableFacts } from './table-facts.ts';

/**
 * One query for the facts of several tables.
 *
 * It reads the catalog's rows of all tables at once. It calls no function that waits for a lock on a table.
 */
export function factsQuery(shapes: readonly TableShape[]): Statement {
  return { text: query, params: tableNames(shapes), answer: 'raw', guarded: true };
}

/** The types of a table's columns, as one text. */
export function columnTypes(oid: string): string {
  return catalogSql(
    `(select pg_catalog.string_agg(t.attnum::text || ':' || t.atttypid::text, ',' order by t.attnum) from pg_catalog.pg_attribute t ` +
      `where t.attrelid = ${oid} and t.attnum > 0 and not t.attisdropped)`,
  );
}

/** The common table expression `watched`: each object that a table depends on, and the sum of its hashes. */
const state = `
watched (root, kind, oid) as materialized (
  select m.root, 'relations', m.oid from members m
  union
  select k.root, 'relations', t.typrelid from kinds k join pg_catalog.pg_type t on t.oid = k.oid where t.typtype = 'c'
  union
  select s.root, 'relations', s.oid from sequences s
  union
  select a.oid, 'policies', a.oid from asked a where a.secured
  union
  select m.root, 'partitioned', m.oid from members m join pg_catalog.pg_class c on c.oid = m.oid where c.relkind = 'p'
  union
  select k.root, 'domains', t.oid from kinds k join pg_catalog.pg_type t on t.oid = k.oid where t.typtype = 'd'),
${watchedKinds.map(hashesByRoot).join(',\n')}`;

function hashesByRoot(kind: (typeof watchedKinds)[number]): string {
  const hashes = hashesOfKind(kind, `array(select w.oid from watched w where w.kind = '${kind}')`);
  return `${kind} (root, hashes) as materialized (
  select w.root, pg_catalog.json_object_agg(w.oid::text, coalesce(h.hash, '0')) from watched w
  left join (${hashes}) h on h.oid = w.oid
  where w.kind = '${kind}' group by w.root)`;
}

/** Hashes as an object with an entry for each kind. */
const hashes = watchedKinds.map(
  (kind) => `'${kind}', coalesce((select h.hashes from ${kind} h where h.root = a.oid), '{}')`,
);

/** The bits ROW, BEFORE and INSTEAD of a trigger's type, and their value for a row trigger that fires afterwards. */
const rowAfter = { mask: 1 | 2 | 64, value: 1 };

/** Whether the role may lock the table as an INSERT does, before it. */
const isLockable = `a.relkind = any ('{r,p}') and pg_catalog.has_table_privilege(a.oid, 'UPDATE, DELETE, TRUNCATE'
    || case when pg_catalog.current_setting('server_version_num')::int4 >= 160000 then ', INSERT' else '' end)`;

const table = `pg_catalog.json_build_object(
  'oid', a.oid::text,
  'user', current_user::text,
  'types', c.types,
  'state', pg_catalog.json_build_object(${hashes.join(', ')}),
  'parents', array(
    select c.confrelid::text from constraints c where c.root = a.oid and c.contype = 'f'),
  'ordered', array(
    select b.oid::text from below b where b.root = a.oid
    union select n.oid::text from sequences n where n.root = a.oid),
  'plain', not exists (select from doubts d where d.root = a.oid and d.event = 4),
  'updatable', not exists (select from doubts d where d.root = a.oid and d.event = 16),
  'guardable', not a.relhasrules and not exists (
    select from pg_catalog.pg_trigger g join below b on b.oid = g.tgrelid
    where b.root = a.oid and not g.tgisinternal and (g.tgtype & ${rowAfter.mask}) <> ${rowAfter.value}),
  'serializable', pg_catalog.current_setting('default_transaction_isolation') = 'serializable',
  'secured', a.secured,
  'ruled', a.relhasrules and exists (
    select from pg_catalog.pg_rewrite w where w.ev_class = a.oid and w.ev_type = '3'),
  'rights', ${rightsOf('a.oid')},
  'lockable', ${isLockable},
  'columns', c.facts)`;

const query = catalogSql(`
with recursive named as materialized (${namedTables}),
asked as materialized (
  select c.oid, c.relkind, c.relispartition, c.relhasrules, pg_catalog.row_security_active(c.oid) as secured
  from pg_catalog.pg_class c where c.oid = any (array(select n.oid from named n))),
${proof},
${columns},
${state}
select coalesce(pg_catalog.json_agg(
  case when a.oid is not null then ${table} end order by n.position), '[]')::text
from named n
left join asked a on a.oid = n.oid
left join columns c on c.oid = a.oid`);

/** The facts in the order of the requested tables; `undefined` for a table that does not exist. */
export function readFacts(answer: unknown, expected: number): (TableFacts | undefined)[] {
  const facts = JSON.parse(String(answer)) as (TableFactsJson | null)[];
  if (facts.length !== expected) {
    throw new BatchedDrizzleError(
      'MISMATCHED_ANSWER',
      `facts of ${expected} tables asked for, ${facts.length} came`,
    );
  }
  return facts.map((table) =>
    table === null ? undefined : { ...table, columns: new Map(Object.entries(table.columns ?? {})) },
  );
}

interface TableFactsJson extends Omit<TableFacts, 'columns'> {
  readonly columns: Record<string, ColumnFacts> | null;
}
