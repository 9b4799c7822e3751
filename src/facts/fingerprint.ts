/**
 * A fingerprint of the catalog's rows on which the facts of tables depend, so that each flight can compare them in one
 * pass.
 *
 * Every watched object has a sum of hashes. The fingerprint of several objects is the sum of theirs, so a flight of any
 * tables can be compared.
 */
import { getOrInsert } from '../get-or-insert.ts';
import { catalogSql } from './catalog-sql.ts';

/**
 * What is watched: for each kind the SQL of its rows, as `(oid, item, seed)` for an array of OIDs.
 *
 * A row that is replaced has another `xmin`, so an item need be no more. Rows of pg_class are compared by columns: their
 * `xmin` changes by a mere TRUNCATE. `relhasrules` stands for pg_rewrite, because a table with rules shares nothing.
 */
export const watchedRows = {
  /** The table, its partitions and parents, and composite types of its columns. */
  relations: (oids: string) =>
    [
      `select x.oid, pg_catalog.concat(x.oid, x.relkind, x.relrowsecurity, x.relforcerowsecurity, x.relhasrules, ` +
        `x.relispartition, x.relacl) as item, 0 as seed from pg_catalog.pg_class x where x.oid = any (${oids})`,
      `select x.attrelid, x.xmin::text, x.attnum from pg_catalog.pg_attribute x where x.attrelid = any (${oids}) and x.attnum > 0`,
      changed('pg_constraint', 'conrelid', oids, 1),
      changed('pg_trigger', 'tgrelid', oids, 2),
      changed('pg_index', 'indrelid', oids, 3),
    ].join(' union all '),
  /** Tables with row-level policies that apply. */
  policies: (oids: string) => changed('pg_policy', 'polrelid', oids, 4),
  /** Partitioned tables, whose partitions may come and go. */
  partitioned: (oids: string) => changed('pg_inherits', 'inhparent', oids, 5),
  /** Domains under the columns. */
  domains: (oids: string) =>
    `${changed('pg_type', 'oid', oids, 6)} union all ${changed('pg_constraint', 'contypid', oids, 7)}`,
};

type WatchedKind = keyof typeof watchedRows;

/** For each kind of objects that a table depends on: the sums of their hashes, by OID. */
export type TableState = Readonly<Record<WatchedKind, Readonly<Record<string, string>>>>;

const kinds = Object.keys(watchedRows) as WatchedKind[];

/** The sum of the hashes of rows `x`, as SQL. */
export const sumOfHashes = 'coalesce(pg_catalog.sum(pg_catalog.hashtextextended(x.item, x.seed)), 0)::text';

function changed(catalog: string, column: string, oids: string, seed: number): string {
  return `select x.${column} as oid, x.xmin::text as item, ${seed} as seed from pg_catalog.${catalog} x where x.${column} = any (${oids})`;
}

const place = '<oids>';

const comparedRows = Object.fromEntries(
  kinds.map((kind) => [kind, catalogSql(watchedRows[kind](`${place}::oid[]`))]),
) as Record<WatchedKind, string>;

const comparedSum = catalogSql(sumOfHashes);

/**
 * The SQL of the comparison of tables with what they were.
 *
 * @param param adds a parameter, an array
 */
export function isUnchanged(
  states: Iterable<TableState>,
  param: (values: readonly string[]) => string,
): string {
  const watched = new Map<WatchedKind, Map<string, bigint>>();
  for (const state of states) {
    for (const kind of kinds) {
      for (const [oid, hash] of Object.entries(state[kind])) {
        getOrInsert(watched, kind, () => new Map<string, bigint>()).set(oid, BigInt(hash));
      }
    }
  }
  const rows: string[] = [];
  let sum = 0n;
  for (const [kind, hashes] of watched) {
    rows.push(comparedRows[kind].replaceAll(place, param([...hashes.keys()])));
    for (const hash of hashes.values()) sum += hash;
  }
  return `(select ${comparedSum} from (${rows.join(' union all ')}) x) operator(pg_catalog.=) '${sum}'`;
}
