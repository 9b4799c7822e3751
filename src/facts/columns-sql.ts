/** The part of the facts query about columns. */

/**
 * Whether keys can be drawn from the sequence `q` ahead, and identify rows. A sequence that cycles repeats its keys.
 *
 * CASE and not AND: AND promises no order, and the function raises for a relation that is no sequence.
 */
const givesKeys = `case when q.relkind = 'S' then pg_catalog.has_sequence_privilege(q.oid, 'USAGE, UPDATE')
        and not exists (select from pg_catalog.pg_sequence i where i.seqrelid = q.oid and i.seqcycle) end`;

/** Nodes around a call that only turn its result into the type of the column. */
const conversion = String.raw`(?:\{(?:COERCETODOMAIN|COERCEVIAIO|RELABELTYPE) :arg |\{FUNCEXPR :funcid (?:480|714|1781) [^{}()]*:args \()*`;

/** `nextval('sequence'::regclass)`, and nothing else but conversions. */
const drawsOnly = String.raw`^${conversion}\{FUNCEXPR :funcid 1574 [^{}()]*:args \(\{CONST :consttype 2205 [^{}]*\}[^{]*$`;

/** A function without arguments, and nothing else but conversions. */
const callsOnly = String.raw`^${conversion}\{FUNCEXPR :funcid (\d+) [^{}()]*:args <>[^{]*$`;

const keys = `case
    when a.attidentity <> '' then (
      select 'identity' from sequences n join pg_catalog.pg_class q on q.oid = n.oid
      where n.root = c.oid and n.attnum = a.attnum and ${givesKeys})
    when d.adbin is null then null
    when d.adbin::text ~ '${drawsOnly}' then (
      select 'sequence' from pg_catalog.pg_depend e join pg_catalog.pg_class q on q.oid = e.refobjid
      where e.classid = 'pg_catalog.pg_attrdef'::regclass and e.objid = d.oid
        and e.refclassid = 'pg_catalog.pg_class'::regclass and ${givesKeys})
    else (
      select p.proname::text || '()' from pg_catalog.pg_proc p
      where p.oid = (pg_catalog.regexp_match(d.adbin::text, '${callsOnly}'))[1]::oid
        and p.pronamespace = 'pg_catalog'::regnamespace
        and p.proname = any ('{gen_random_uuid,uuidv4,uuidv7}'))
  end`;

/**
 * Whether a collation treats texts as equal only if their bytes are equal. JavaScript can compare bytes only of UTF-8.
 */
function isBytewise(collation: string): string {
  return `(${collation} = 0 or pg_catalog.current_setting('server_encoding') = 'UTF8' and exists (
        select from pg_catalog.pg_collation l where l.oid = ${collation} and l.collisdeterministic))`;
}

/**
 * Whether a text is read alike with the length, precision or fields of a type and without them. COPY reads it with them; an
 * INSERT reads a parameter without, and fits it to its column afterwards. An interval takes the unit of `'1'` from its fields,
 * and a type of the user may do anything. An array passes its modifier on to its elements.
 */
function readsAlike(modifier: string): string {
  return `(${modifier} = -1 or case when b.typlen = -1 and b.typelem <> 0 then b.typelem else b.oid end = any ('{
    bpchar,varchar,bit,varbit,numeric,time,timetz,timestamp,timestamptz}'::regtype[]))`;
}

const typeName = `pg_catalog.quote_ident(s.nspname::text) || '.' || pg_catalog.quote_ident(b.typname::text)`;

/** One column of the attribute `a`, its default `d`, its type `b` below all domains, in the schema `s`. */
const column = `pg_catalog.json_build_object(
  'type', a.atttypid::int8,
  'base', b.oid::int8,
  'cast', ${typeName},
  'castable', pg_catalog.current_setting('array_nulls')::bool and ${readsAlike('coalesce(u.modifier, -1)')}
    and pg_catalog.has_schema_privilege(s.oid, 'USAGE') and (r.arrayable or not exists (
    select from pg_catalog.pg_cast k
    where k.castsource = 'pg_catalog.text'::regtype and k.casttarget = b.oid and k.castmethod = 'f')),
  'arrayable', r.arrayable,
  'copyable', ${readsAlike('a.atttypmod')},
  'modifier', coalesce(u.modifier, a.atttypmod),
  'enumerated', b.typtype = 'e',
  'bare', d.adbin is null and a.attidentity = '' and not exists (
    select from pg_catalog.pg_type t where t.oid = a.atttypid and t.typdefault is not null),
  'keys', ${keys},
  'sequence', (select pg_catalog.min(n.oid)::text from sequences n where n.root = c.oid and n.attnum = a.attnum),
  'draws', a.attidentity <> '' or coalesce(d.adbin::text ~ ':funcid 1574 ', false),
  'always', a.attidentity = 'a',
  'insertable', pg_catalog.has_column_privilege(c.oid, a.attnum, 'INSERT'),
  'selectable', pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'),
  'unique', case
    when a.attnum = any (i.keys) and (s.nspname = 'pg_catalog' or b.typtype = 'e') and ${isBytewise('a.attcollation')}
    then case
      when coalesce(u.modifier, a.atttypmod) = -1 then ${typeName}
      when s.nspname = 'pg_catalog' then pg_catalog.format_type(b.oid, coalesce(u.modifier, a.atttypmod)) end
  end,
  'referenced', coalesce(a.attnum = any (f.keys), false))`;

/** The common table expression `columns (oid, facts, types)`, and those that it needs besides `asked` and `sequences`. */
export const columns = `
layers (declared, oid, modifier, typtype) as (
  select t.oid, t.typbasetype, t.typtypmod, t.typtype
  from pg_catalog.pg_type t where t.typtype = 'd' and t.oid = any (array(
    select a.atttypid from pg_catalog.pg_attribute a where a.attrelid = any (array(select q.oid from asked q))))
  union all
  select l.declared, t.typbasetype, greatest(t.typtypmod, l.modifier), t.typtype
  from layers l join pg_catalog.pg_type t on t.oid = l.oid and t.typtype = 'd'),
bases as materialized (
  select l.declared, l.oid, l.modifier from layers l join pg_catalog.pg_type t on t.oid = l.oid where t.typtype <> 'd'),
referenced as materialized (
  select f.confrelid as oid, pg_catalog.array_agg(k.attnum) as keys from pg_catalog.pg_constraint f
  cross join lateral pg_catalog.unnest(f.confkey) k(attnum)
  where f.contype = 'f' and f.confrelid = any (array(select q.oid from asked q)) group by f.confrelid),
columns as materialized (
  select c.oid,
    pg_catalog.json_object_agg(a.attname, ${column}) as facts,
    pg_catalog.string_agg(a.attnum::text || ':' || a.atttypid::text, ',' order by a.attnum) as types
  from asked c
  left join referenced f on f.oid = c.oid
  cross join lateral (
    select pg_catalog.array_agg(v.attnum) as keys from (
      select k.attnum from pg_catalog.pg_index i
      cross join lateral rows from (
        pg_catalog.unnest(i.indkey::int2[]), pg_catalog.unnest(i.indclass::oid[]), pg_catalog.unnest(i.indcollation::oid[]))
        as k(attnum, class, collated)
      join pg_catalog.pg_opclass o on o.oid = k.class
      join pg_catalog.pg_am m on m.oid = o.opcmethod
      where i.indrelid = c.oid and i.indisunique
      group by k.attnum
      having pg_catalog.bool_and(o.opcdefault and m.amname = 'btree' and ${isBytewise('k.collated')})) v) i
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join bases u on u.declared = a.atttypid
  join pg_catalog.pg_type b on b.oid = coalesce(u.oid, a.atttypid)
  join pg_catalog.pg_namespace s on s.oid = b.typnamespace
  cross join lateral (
    select s.nspname = 'pg_catalog' and b.typarray <> 0 and b.typcategory <> 'A' and b.typdelim = ','
      and b.oid <> all ('{json,jsonb}'::regtype[]) as arrayable) r
  left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  group by c.oid)`;
