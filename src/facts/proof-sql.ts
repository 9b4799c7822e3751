/**
 * The part of the facts query that proves that rows can't tell whether they share a statement: the SQL that finds every
 * doubt about a table.
 *
 * It reads expressions as their stored nodes and never by `pg_get_expr`, which waits for a lock on the table.
 */
import { harmlessFunctions, harmlessNodes } from './harmless.ts';

/** The functions of PostgreSQL itself. Those of extensions and users have higher OIDs. */
const firstUserOid = 16384;

const insert = 4;

const update = 16;

/** The node that calls `nextval` for one sequence, known by its OID: `nextval('s'::regclass)`. */
const nextvalOfSequence = String.raw`:funcid 1574 [^{}]*:args \(\{CONST :consttype 2205 `;

/**
 * The common table expressions from `members` to `doubts (root, event)`. They need `asked`.
 *
 * A doubt about the event UPDATE (16) is only about conflict clauses that update.
 */
export const proof = `
family (root, oid, above) as (
  select a.oid, a.oid, false from asked a where a.relispartition or a.relkind = 'p'
  union all
  select m.root, i.oid, i.above from family m cross join lateral (
    select d.inhrelid as oid, false as above
    from pg_catalog.pg_inherits d join pg_catalog.pg_class p on p.oid = d.inhrelid
    where d.inhparent = m.oid and p.relispartition and not m.above
    union all
    select u.inhparent, true
    from pg_catalog.pg_inherits u join pg_catalog.pg_class p on p.oid = u.inhrelid
    where u.inhrelid = m.oid and p.relispartition and (m.above or m.oid = m.root)) i),
members (root, oid, above) as materialized (
  select a.oid, a.oid, false from asked a union all select f.root, f.oid, f.above from family f where f.oid <> f.root),
below as materialized (select m.root, m.oid from members m where not m.above),
kinds (root, oid) as (
  select a.attrelid, a.atttypid from pg_catalog.pg_attribute a
  where a.attrelid = any (array(select q.oid from asked q)) and a.attnum > 0 and not a.attisdropped
    and a.atttypid >= ${firstUserOid}
  union
  select k.root, u.oid from kinds k join pg_catalog.pg_type t on t.oid = k.oid cross join lateral (
    select t.typbasetype as oid
    union all select t.typelem
    union all select a.atttypid from pg_catalog.pg_attribute a
      where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    union all select r.rngsubtype from pg_catalog.pg_range r where r.rngtypid = t.oid or r.rngmultitypid = t.oid) u
  where u.oid >= ${firstUserOid}),
constraints as materialized (
  select b.root, c.contype, c.conbin::text as text, c.confrelid, c.condeferrable, c.conexclop
  from pg_catalog.pg_constraint c join below b on b.oid = c.conrelid
  where c.conrelid = any (array(select q.oid from below q)) and c.contype <> 'n'),
indexes as materialized (
  select b.root, i.indexprs::text as keys, i.indpred::text as condition, i.indclass::oid[] as classes
  from pg_catalog.pg_index i join below b on b.oid = i.indrelid
  where i.indrelid = any (array(select q.oid from below q))),
parts as materialized (
  select m.root, p.partexprs::text as text, p.partclass::oid[] as classes
  from pg_catalog.pg_partitioned_table p join members m on m.oid = p.partrelid),
defaults as materialized (
  select b.root, d.oid, d.adrelid, d.adnum, d.adbin::text as text
  from pg_catalog.pg_attrdef d join below b on b.oid = d.adrelid
  where d.adrelid = any (array(select q.oid from below q))),
${expressions()},
called as materialized (
  select distinct e.root, e.event, f.found[1] ~ 'opno' as operator, f.found[2]::oid as oid
  from expressions e
  cross join lateral pg_catalog.regexp_matches(e.text, ':(\\w*funcid|\\w*opno) ([1-9]\\d*)', 'g') f(found)),
functions as materialized (
  select case when c.operator then (select o.oprcode::oid from pg_catalog.pg_operator o where o.oid = c.oid) else c.oid end
    as oid, c.root, c.event
  from called c),
harmful as materialized (
  select f.oid from (select distinct f.oid from functions f) f where not coalesce((
    select p.oid < ${firstUserOid} and p.pronamespace = 'pg_catalog'::regnamespace
      and (p.provolatile = 'i' or p.proname = any ('{nextval,${harmlessFunctions.join()}}'))
    from pg_catalog.pg_proc p where p.oid = f.oid), false)),
typed as materialized (
  select distinct e.root, e.event, f.found[1]::oid as oid from expressions e
  cross join lateral pg_catalog.regexp_matches(e.text, ':\\w*type(?:id|Id)? (\\d{5,})', 'g') f(found)),
${sequences()},
doubts (root, event) as materialized (
  ${[...aboutExpressions(), ...aboutTables(), ...aboutOperators()].join('\n  union all\n  ')})`;

/** Every expression that the server evaluates for a row, as the text of its nodes. */
function expressions(): string {
  return `expressions (root, event, place, text) as materialized (
  select d.root, ${insert}, 'default', d.text from defaults d
  union all
  select c.root, ${insert}, 'check', c.text from constraints c where c.contype = 'c'
  union all
  select i.root, ${insert}, 'index', i.keys from indexes i where i.keys is not null
  union all
  select i.root, ${insert}, 'index', i.condition from indexes i where i.condition is not null
  union all
  select a.oid, case when p.polcmd = 'w' then ${update} else ${insert} end, 'policy', x.text
  from pg_catalog.pg_policy p join asked a on a.oid = p.polrelid
  cross join lateral (values (p.polqual::text), (p.polwithcheck::text)) x(text)
  where p.polrelid = any (array(select q.oid from asked q where q.secured)) and p.polcmd <> 'd' and x.text is not null
  union all
  select p.root, ${insert}, 'partition', p.text from parts p where p.text is not null
  union all
  select k.root, ${insert}, 'domain', t.typdefaultbin::text
  from kinds k join pg_catalog.pg_type t on t.oid = k.oid where t.typdefaultbin is not null
  union all
  select k.root, ${insert}, 'domain', c.conbin::text
  from kinds k join pg_catalog.pg_constraint c on c.contypid = k.oid where c.contype = 'c')`;
}

/**
 * The sequences that the columns of a table draw from. Since PostgreSQL 17 a partition has the identity of the partitioned
 * table at the top, whose column has the same name. Before, it may have an identity of its own beside that of its parent.
 */
function sequences(): string {
  const identity = `e.refclassid = 'pg_catalog.pg_class'::regclass and e.classid = 'pg_catalog.pg_class'::regclass
    and e.deptype = 'i' and e.refobjsubid > 0`;
  return `drawn (root, attnum, oid) as (
  select d.adrelid, d.adnum, e.refobjid from defaults d
  join pg_catalog.pg_depend e on e.classid = 'pg_catalog.pg_attrdef'::regclass and e.objid = d.oid
    and e.refclassid = 'pg_catalog.pg_class'::regclass
  where d.root = d.adrelid and d.text ~ ':funcid 1574 '
  union all
  select e.refobjid, e.refobjsubid, e.objid from pg_catalog.pg_depend e
  where e.refobjid = any (array(select q.oid from asked q)) and ${identity}),
inherited (root, attnum, oid) as (
  select m.root, a.attnum, e.objid from pg_catalog.pg_depend e join members m on m.oid = e.refobjid and m.above
  join pg_catalog.pg_attribute o on o.attrelid = e.refobjid and o.attnum = e.refobjsubid
  join pg_catalog.pg_attribute a on a.attrelid = m.root and a.attname = o.attname and a.attidentity <> ''
  where e.refobjid = any (array(select q.oid from members q where q.above)) and ${identity}
    and not exists (select from drawn n where n.root = m.root and n.attnum = a.attnum)),
sequences as materialized (
  select n.root, n.attnum, n.oid from (select * from drawn union all select * from inherited) n
  where exists (select from pg_catalog.pg_class q where q.oid = n.oid and q.relkind = 'S'))`;
}

function aboutExpressions(): string[] {
  const composite = `t.typtype = any ('{c,r,m}')`;
  return [
    `select e.root, e.event from expressions e where e.text ~ '(^|[ (])\\{(?!(${harmlessNodes.join('|')})[ }])'`,
    // A key of one sequence is drawn ahead. Which sequence another expression draws from is not known.
    `select e.root, e.event from expressions e where case when e.place = 'default'
    then pg_catalog.regexp_replace(e.text, '${nextvalOfSequence}', '', 'g') else e.text end ~ ':funcid 1574 '`,
    `select f.root, f.event from functions f where f.oid = any (array(select h.oid from harmful h))`,
    // Functions for any type, such as `to_json`, may call those of a composite type's columns.
    `select y.root, y.event from typed y join pg_catalog.pg_type t on t.oid = y.oid
  where t.oid >= ${firstUserOid} and (${composite} or exists (
    select from pg_catalog.pg_type l where l.oid = t.typelem and ${composite.replaceAll('t.', 'l.')}))`,
  ];
}

function aboutTables(): string[] {
  return [
    `select b.root, ${insert} from pg_catalog.pg_class c join below b on b.oid = c.oid
  where c.oid = any (array(select q.oid from below q)) and c.relkind <> all ('{r,p}')`,
    // It stays true for a while after the last rule is dropped, and no change of it is missed.
    `select a.oid, ${insert} from asked a where a.relhasrules`,
    // A disabled trigger is a doubt too, since nothing watches whether it is enabled again. TimescaleDB's own one never
    // fires: a row goes to a chunk.
    `select b.root, e.event from pg_catalog.pg_trigger g join below b on b.oid = g.tgrelid
  cross join (values (${insert}), (${update})) e(event)
  where g.tgrelid = any (array(select q.oid from below q)) and not g.tgisinternal and (g.tgtype & e.event) = e.event
    and not (g.tgname = 'ts_insert_blocker' and exists (
      select from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
      where p.oid = g.tgfoid and l.lanname = 'c'))`,
    `select c.root, ${insert} from constraints c join members m on m.root = c.root and m.oid = c.confrelid
  where c.contype = 'f'`,
    `select c.root, ${update} from constraints c where c.contype = any ('{p,u,x}') and c.condeferrable`,
    // Partitions and their parents have copies of the default, which rows written to this table never use. Whether one flush
    // writes to several of them is asked for each flush: see `ordered`.
    `select s.root, ${insert} from sequences s
  join pg_catalog.pg_depend e on e.refclassid = 'pg_catalog.pg_class'::regclass and e.refobjid = s.oid
    and e.classid = 'pg_catalog.pg_attrdef'::regclass
  join pg_catalog.pg_attrdef d on d.oid = e.objid
  where case when d.adrelid = s.root then d.adnum <> s.attnum
    else (pg_catalog.pg_partition_root(d.adrelid) = pg_catalog.pg_partition_root(s.root)) is not true end`,
  ];
}

/** Only a superuser makes operator classes. Functions in C are taken to compare values and nothing else. */
function aboutOperators(): string[] {
  const isOther = (func: string) => `exists (
    select from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
    where p.oid = ${func} and l.lanname <> all ('{internal,c}'))`;
  const otherClass = (classes: string) => `cross join lateral pg_catalog.unnest(${classes}) k(class)
  where k.class >= ${firstUserOid} and exists (
    select from pg_catalog.pg_opclass o join pg_catalog.pg_amproc r on r.amprocfamily = o.opcfamily
    where o.oid = k.class and ${isOther('r.amproc::oid')})`;
  return [
    `select i.root, ${insert} from indexes i ${otherClass('i.classes')}`,
    `select p.root, ${insert} from parts p ${otherClass('p.classes')}`,
    `select c.root, ${insert} from constraints c
  cross join lateral pg_catalog.unnest(c.conexclop) k(operator)
  join pg_catalog.pg_operator o on o.oid = k.operator
  where c.contype = 'x' and k.operator >= ${firstUserOid} and ${isOther('o.oprcode::oid')}`,
  ];
}
