import { getTableColumns, getTableName } from 'drizzle-orm';
import { boolean, integer, type PgColumn, type PgTable, pgTable, serial } from 'drizzle-orm/pg-core';

// Tables for the tests of both conflict clauses, and the statements that create them.

/** A unique index that covers a part of the rows. */
export const partial = pgTable('partly', {
  a: integer('a'),
  isActive: boolean('is_active'),
  n: integer('n'),
});
/** A table in two partitions. */
export const parted = pgTable('parted', { id: serial('id'), a: integer('a'), n: integer('n') });

/** Creates both, and `blind`, a collation that ignores case. */
export const createShared = [
  `create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  'create table partly (a int, is_active bool, n int)',
  'create unique index on partly (a) where is_active',
  'create table parted (id serial, a int unique, n int) partition by range (a)',
  'create table parted_low partition of parted for values from (minvalue) to (3)',
  'create table parted_high partition of parted for values from (3) to (maxvalue)',
];

/** Creates tables whose column `a` is unique. `collation` has the collation of `a`, by the name of the table. */
export function createTargets(
  tables: readonly (PgTable & { readonly a: PgColumn })[],
  collation: Readonly<Record<string, string>> = {},
): string[] {
  return tables.map((table) => {
    const name = getTableName(table);
    const { a, ...others } = getTableColumns(table) as Record<string, PgColumn>;
    const collate = collation[name] ? ` collate ${collation[name]}` : '';
    const columns = Object.values(others).map((column) => `${column.name} ${column.getSQLType()}`);
    return `create table ${name} (${[`a ${a?.getSQLType()}${collate} unique`, ...columns].join(', ')})`;
  });
}
