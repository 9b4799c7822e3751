/** The query for the catalog's facts of tables, and the reading of its answer. */
import type { Statement } from '../driver/statement.ts';
import { arrayLiteral } from '../driver/text.ts';
import type { TableShape } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import type { ColumnFacts, TableFacts } from './table-facts.ts';

/**
 * One query for the facts of several tables.
 *
 * A table is not plain if it has rules, user triggers on INSERT, or a default that reads `currval` or
 * `lastval`. Those would notice keys drawn ahead, or several rows in one statement.
 */
export function factsQuery(shapes: readonly TableShape[]): Statement {
  return {
    text: query,
    params: [
      arrayLiteral(shapes.map(({ name }) => name)),
      arrayLiteral(shapes.map(({ schema }) => schema ?? null)),
    ],
    answer: 'raw',
    guarded: true,
  };
}

/** The types of a table's columns, as one text. */
export function columnTypes(oid: string): string {
  return (
    `(select string_agg(t.attnum || ':' || t.atttypid, ',' order by t.attnum) from pg_catalog.pg_attribute t ` +
    `where t.attrelid = ${oid} and t.attnum > 0 and not t.attisdropped)`
  );
}

/**
 * The state that the facts depend on and that DDL may change while the relation stays the same, as one text.
 */
export function tableState(oid: string): string {
  const list = (item: string, from: string) =>
    `(select string_agg(${item}, ',' order by ${item}) from pg_catalog.${from})`;
  const parts = [
    columnTypes('s.oid'),
    list('w.oid::text', "pg_rewrite w where w.ev_class = s.oid and w.ev_type = '3'"),
    // Includes the triggers of foreign keys that point here, and of deferred constraints.
    list('g.oid || g.tgenabled::text', 'pg_trigger g where g.tgrelid = s.oid'),
    list('i.indexrelid::text', 'pg_index i where i.indrelid = s.oid and i.indisunique'),
    list('d.oid::text', 'pg_attrdef d where d.adrelid = s.oid'),
    's.relrowsecurity',
    's.relforcerowsecurity',
  ];
  return `(select concat_ws(' ', ${parts.join(', ')}) from pg_catalog.pg_class s where s.oid = ${oid})`;
}

/**
 * Whether keys can be drawn from a sequence ahead, and identify rows. A sequence that cycles repeats its
 * keys.
 */
function givesKeys(sequence: string): string {
  return `has_sequence_privilege(${sequence}, 'USAGE, UPDATE')
              and not (select i.seqcycle from pg_catalog.pg_sequence i where i.seqrelid = ${sequence})`;
}

/** Whether a user's trigger fires on INSERT (4) or UPDATE (16). */
function hasTrigger(event: 4 | 16): string {
  return `exists (
        select from pg_catalog.pg_trigger g
        where not g.tgisinternal and g.tgenabled <> 'D' and g.tgtype & ${event} = ${event}
          and (g.tgrelid = c.oid
            or c.relkind = 'p' and g.tgrelid in (select p.relid from pg_catalog.pg_partition_tree(c.oid) p)))`;
}

/**
 * Whether a collation treats texts as equal only if their bytes are equal. JavaScript can compare bytes only
 * of UTF-8.
 */
function isBytewise(collation: string): string {
  return `(${collation} = 0 or current_setting('server_encoding') = 'UTF8' and exists (
          select from pg_catalog.pg_collation l where l.oid = ${collation} and l.collisdeterministic))`;
}

// CASE and not AND: AND promises no order, and the functions raise for a relation that is no sequence.
const query = `
select coalesce(json_agg(f.facts order by f.position), '[]')::text from (
  select n.position, case when c.oid is not null then json_build_object(
    'oid', c.oid::text,
    'user', current_user::text,
    'types', ${columnTypes('c.oid')},
    'state', ${tableState('c.oid')},
    'parents', array(
      select f.confrelid::text from pg_catalog.pg_constraint f where f.conrelid = c.oid and f.contype = 'f'),
    'plain', c.relkind in ('r', 'p')
      and not exists (select from pg_catalog.pg_rewrite w where w.ev_class = c.oid and w.ev_type = '3')
      and not ${hasTrigger(4)}
      and not exists (
        select from pg_catalog.pg_attrdef d
        where d.adrelid = c.oid and pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~* '(currval|lastval)'),
    'updatable', not ${hasTrigger(16)}
      and not exists (select from pg_catalog.pg_constraint d where d.conrelid = c.oid and d.contype in ('p', 'u', 'x') and d.condeferrable),
    'secured', pg_catalog.row_security_active(c.oid),
    'columns', (select json_object_agg(a.attname, json_build_object(
      'type', a.atttypid::int8,
      'base', b.oid::int8,
      'cast', quote_ident(s.nspname) || '.' || quote_ident(b.typname),
      'castable', has_schema_privilege(s.oid, 'USAGE') and (r.arrayable or not exists (
        select from pg_catalog.pg_cast k
        where k.castsource = 'text'::regtype and k.casttarget = b.oid and k.castmethod = 'f')),
      'arrayable', r.arrayable,
      'keys', case
        when a.attidentity <> '' then (
          select 'identity' from pg_catalog.pg_depend e join pg_catalog.pg_class q on q.oid = e.objid
          where e.classid = 'pg_catalog.pg_class'::regclass and e.deptype = 'i'
            and e.refclassid = 'pg_catalog.pg_class'::regclass
            and e.refobjid = c.oid and e.refobjsubid = a.attnum
            and case when q.relkind = 'S' then ${givesKeys('q.oid')} end)
        when x.expression ~ '^nextval\\(''.*''::regclass\\)$' and exists (
          select from pg_catalog.pg_depend e join pg_catalog.pg_class q on q.oid = e.refobjid
          where e.classid = 'pg_catalog.pg_attrdef'::regclass and e.objid = d.oid
            and e.refclassid = 'pg_catalog.pg_class'::regclass
            and case when q.relkind = 'S' then ${givesKeys('q.oid')} end) then 'sequence'
        when x.expression in ('gen_random_uuid()', 'uuidv4()', 'uuidv7()') then x.expression
      end,
      'draws', a.attidentity <> '' or coalesce(x.expression ~* 'nextval', false),
      'always', a.attidentity = 'a',
      'insertable', has_column_privilege(c.oid, a.attnum, 'INSERT'),
      'selectable', has_column_privilege(c.oid, a.attnum, 'SELECT'),
      'unique', case
        when (s.nspname = 'pg_catalog' or b.typtype = 'e') and ${isBytewise('a.attcollation')} and (
          select bool_and(o.opcdefault and m.amname = 'btree' and ${isBytewise('k.collated')})
          from pg_catalog.pg_index i
          cross join lateral unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[])
            as k(attnum, class, collated)
          join pg_catalog.pg_opclass o on o.oid = k.class
          join pg_catalog.pg_am m on m.oid = o.opcmethod
          where i.indrelid = c.oid and i.indisunique and k.attnum = a.attnum)
        then case
          when under.modifier = -1 then quote_ident(s.nspname) || '.' || quote_ident(b.typname)
          when s.nspname = 'pg_catalog' then pg_catalog.format_type(b.oid, under.modifier) end
      end,
      'referenced', exists (
        select from pg_catalog.pg_constraint f
        where f.contype = 'f' and f.confrelid = c.oid and a.attnum = any (f.confkey))))
      from pg_catalog.pg_attribute a
      join lateral (
        with recursive layer as (
          select t.oid, t.typtype, t.typbasetype, t.typtypmod, a.atttypmod as modifier
          from pg_catalog.pg_type t where t.oid = a.atttypid
          union all
          select t.oid, t.typtype, t.typbasetype, t.typtypmod, greatest(layer.typtypmod, layer.modifier)
          from layer join pg_catalog.pg_type t on t.oid = layer.typbasetype
          where layer.typtype = 'd')
        select layer.oid, layer.modifier from layer where layer.typtype <> 'd') under on true
      join pg_catalog.pg_type b on b.oid = under.oid
      join pg_catalog.pg_namespace s on s.oid = b.typnamespace
      join lateral (
        select s.nspname = 'pg_catalog' and b.typarray <> 0 and b.typcategory <> 'A' and b.typdelim = ','
          as arrayable) r on true
      left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      left join lateral (select pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression) x on true
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)) end as facts
  from (
    select u.name, u.position, u.schema as named,
      (select s.oid from pg_catalog.pg_namespace s where s.nspname = u.schema) as schema
    from unnest($1::text[], $2::text[]) with ordinality u(name, schema, position)) n
  left join pg_catalog.pg_class c on c.oid = case when
    n.named is null or has_schema_privilege(n.schema, 'USAGE') then to_regclass(n.name) end) f`;

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
