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
  /** What changes with the row. A row that is replaced has another `xmin`, so this need be no more. */
  readonly item: string;
  /** Distinguishes rows with the same item. */
  readonly seed: string;
  readonly only?: string;
}

/**
 * What is watched, by kind of object.
 *
 * Rows of pg_class are compared by columns: their `xmin` changes by a mere TRUNCATE. `relhasrules` stands for pg_rewrite,
 * because a table with rules shares nothing.
 *
 * Constraints, triggers, indexes and whatever draws from a sequence have a row in pg_depend, made when they are made. What
 * can change without it must not matter: a trigger counts even if it is disabled. Views are left out.
 */
const watched = {
  /** The table, its partitions and parents, its sequences, and composite types of its columns. */
  relations: [
    {
      catalog: 'pg_class',
      oid: 'oid',
      item: `pg_catalog.concat(x.oid, x.relkind, x.relrowsecurity, x.relforcerowsecurity, x.relhasrules, x.relispartition, x.relacl)`,
      seed: '0',
    },
    replaced('pg_attribute', 'attrelid', 'x.attnum', 'x.attnum > 0'),
    replaced(
      'pg_depend',
      'refobjid',
      '-1',
      `x.refclassid = 'pg_catalog.pg_class'::regclass and x.classid <> 'pg_catalog.pg_rewrite'::regclass`,
    ),
  ],
  /** Tables with row-level policies that apply. */
  policies: [replaced('pg_policy', 'polrelid', '-2')],
  /** Partitioned tables, whose partitions may come and go. */
  partitioned: [replaced('pg_inherits', 'inhparent', '-3')],
  /** Domains under the columns. */
  domains: [replaced('pg_type', 'oid', '-4'), replaced('pg_constraint', 'contypid', '-5')],
} satisfies Record<string, readonly WatchedRows[]>;

type WatchedKind = keyof typeof watched;

/** For each kind of objects that a table depends on: the sums of their hashes, by OID. */
export type TableState = Readonly<Record<WatchedKind, Readonly<Record<string, string>>>>;

export const watchedKinds = Object.keys(watched) as WatchedKind[];

function replaced(catalog: string, oid: string, seed: string, only?: string): WatchedRows {
  return { catalog, oid, item: 'x.xmin::text', seed, ...(only && { only }) };
}

function sumOfHashes({ item, seed }: { item: string; seed: string }): string {
  return `coalesce(pg_catalog.sum(pg_catalog.hashtextextended(${item}, ${seed})), 0)`;
}

function rowsOf({ catalog, oid, only }: WatchedRows, oids: string): string {
  return `from pg_catalog.${catalog} x where x.${oid} = any (${oids})${only ? ` and ${only}` : ''}`;
}

/** The query for the sum of each object of a kind, `(oid, hash)`, as SQL of an array of OIDs. */
export function hashesOfKind(kind: WatchedKind, oids: string): string {
  const rows = watched[kind].map(
    (of: WatchedRows) =>
      `select x.${of.oid} as oid, ${of.item} as item, ${of.seed} as seed ${rowsOf(of, oids)}`,
  );
  const hash = sumOfHashes({ item: 'r.item', seed: 'r.seed' });
  return `select r.oid, ${hash}::text as hash from (${rows.join(' union all ')}) r group by r.oid`;
}

const place = '<oids>';

/** For each kind the sum over all its objects. A subquery for each catalog is planned faster than their union. */
const comparedSums = Object.fromEntries(
  watchedKinds.map((kind) => [
    kind,
    watched[kind].map((of: WatchedRows) =>
      catalogSql(`(select ${sumOfHashes(of)} ${rowsOf(of, `${place}::oid[]`)})`),
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
