/**
 * A fingerprint of the catalog's rows on which the facts of tables depend, so that each flight can compare them.
 *
 * Every watched object has a sum of hashes. The fingerprint of several objects is the sum of theirs, so a flight of any
 * tables can be compared.
 */
import { getOrInsert } from '../get-or-insert.ts';
import { catalogSql } from './catalog-sql.ts';

/** Rows `x` of a catalog that belong to watched objects. */
interface WatchedRows {
  readonly catalog: string;
  /** The column with the object's OID. */
  readonly oid: string;
  /** Distinguishes rows of the same transaction. */
  readonly seed: string;
  readonly only?: string;
}

/**
 * What is watched, by kind of object.
 *
 * Constraints, triggers, rules, indexes and whatever draws from a sequence have a row in pg_depend, made when they are made.
 * What can change without it must not matter: a trigger counts even if it is disabled. Views are left out. A table that
 * becomes a partition gets new rows in pg_attribute.
 *
 * Rows of pg_class change by a mere TRUNCATE. What matters of them is compared by functions, see `rightsOf`.
 */
const watched = {
  /** The table, its partitions and parents, its sequences, and composite types of its columns. */
  relations: [
    { catalog: 'pg_attribute', oid: 'attrelid', seed: 'x.attnum', only: 'x.attnum > 0' },
    {
      catalog: 'pg_depend',
      oid: 'refobjid',
      seed: '-1',
      only: `x.refclassid = 'pg_catalog.pg_class'::regclass and (x.classid <> 'pg_catalog.pg_rewrite'::regclass or x.deptype <> 'n')`,
    },
  ],
  /** Tables with row-level policies that apply. */
  policies: [{ catalog: 'pg_policy', oid: 'polrelid', seed: '-2' }],
  /** Partitioned tables, whose partitions may come and go. */
  partitioned: [{ catalog: 'pg_inherits', oid: 'inhparent', seed: '-3' }],
  /** Domains under the columns. */
  domains: [
    { catalog: 'pg_type', oid: 'oid', seed: '-4' },
    { catalog: 'pg_constraint', oid: 'contypid', seed: '-5' },
  ],
} satisfies Record<string, readonly WatchedRows[]>;

type WatchedKind = keyof typeof watched;

/** For each kind of objects that a table depends on: the sums of their hashes, by OID. */
export type TableState = Readonly<Record<WatchedKind, Readonly<Record<string, string>>>>;

export const watchedKinds = Object.keys(watched) as WatchedKind[];

/** A row that is replaced has another `xmin`, so no more of it is looked at. */
function sumOfHashes(xmin: string, seed: string): string {
  return `coalesce(pg_catalog.sum(pg_catalog.hashtextextended(${xmin}, ${seed})), 0)`;
}

function rowsOf({ catalog, oid, only }: WatchedRows, oids: string): string {
  return `from pg_catalog.${catalog} x where x.${oid} = any (${oids})${only ? ` and ${only}` : ''}`;
}

/** The query for the sum of each object of a kind, `(oid, hash)`, as SQL of an array of OIDs. */
export function hashesOfKind(kind: WatchedKind, oids: string): string {
  const rows = watched[kind].map(
    (of: WatchedRows) =>
      `select x.${of.oid} as oid, x.xmin::text as xmin, ${of.seed} as seed ${rowsOf(of, oids)}`,
  );
  const hash = sumOfHashes('r.xmin', 'r.seed');
  return `select r.oid, ${hash}::text as hash from (${rows.join(' union all ')}) r group by r.oid`;
}

const place = '<oids>';

/** For each kind the sum over all its objects. A subquery for each catalog is planned faster than their union. */
const comparedSums = Object.fromEntries(
  watchedKinds.map((kind) => [
    kind,
    watched[kind].map((of: WatchedRows) =>
      catalogSql(`(select ${sumOfHashes('x.xmin::text', of.seed)} ${rowsOf(of, `${place}::oid[]`)})`),
    ),
  ]),
) as Record<WatchedKind, string[]>;

/**
 * The SQL of the comparison of tables with what they were.
 *
 * @param param adds a parameter, an array
 */
export function isUnchanged(
  states: Iterable<TableState>,
  param: (values: readonly string[]) => string,
): string {
  const objects = new Map<WatchedKind, Map<string, bigint>>();
  for (const state of states) {
    for (const kind of watchedKinds) {
      for (const [oid, hash] of Object.entries(state[kind])) {
        getOrInsert(objects, kind, () => new Map<string, bigint>()).set(oid, BigInt(hash));
      }
    }
  }
  const sums: string[] = [];
  let sum = 0n;
  for (const [kind, hashes] of objects) {
    const oids = param([...hashes.keys()]);
    sums.push(...comparedSums[kind].map((sql) => sql.replace(place, oids)));
    for (const hash of hashes.values()) sum += hash;
  }
  return `${sums.join(' operator(pg_catalog.+) ')} operator(pg_catalog.=) '${sum}'`;
}

/**
 * What the current role may do with a relation as a whole, whether row-level security applies, and whether an array may hold
 * NULL: `ftton`.
 */
export function rightsOf(oid: string): string {
  const has = (privilege: string) => `pg_catalog.has_table_privilege(${oid}, '${privilege}')`;
  return `pg_catalog.concat(pg_catalog.row_security_active(${oid}), ${has('SELECT')}, ${has('INSERT')}, pg_catalog.current_setting('array_nulls'))`;
}
