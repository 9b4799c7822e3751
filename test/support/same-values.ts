import { type SQL, sql } from 'drizzle-orm';
import { customType, type PgColumnBuilderBase, type PgTable, pgTable, serial } from 'drizzle-orm/pg-core';
import { expectSameRows, type Told } from './same-rows.ts';
import type { SideBySide } from './side-by-side.ts';

/** A column of a type that drizzle does not know. Its values are passed to the driver unchanged. */
export function custom(type: string): PgColumnBuilderBase {
  return customType<{ data: unknown }>({ dataType: () => type })();
}

export type Columns = Record<string, readonly [PgColumnBuilderBase, string]>;

/**
 * Creates a table with these columns after a serial key `n`.
 *
 * @param columns column builders by name, each with its type in SQL
 */
export async function makeTable(
  sides: SideBySide,
  columns: Columns,
): Promise<{ readonly table: PgTable; readonly empty: SQL }> {
  const types = Object.entries(columns).map(([name, [, type]]) => `, ${name} ${type}`);
  const builders = Object.fromEntries(Object.entries(columns).map(([name, [column]]) => [name, column]));
  const name = `values_${++tables}`;
  const table = pgTable(name, { n: serial().primaryKey(), ...builders });
  await sides.plain.execute(sql.raw(`create table ${name} (n serial primary key${types.join('')})`));
  // Faster than TRUNCATE, which creates new files.
  const empty = sql`with gone as (delete from ${table}) select setval(c.oid::regclass, 1, false)
    from pg_class c where relkind = 'S' and starts_with(relname, ${`${name}_`})`;
  return { table, empty };
}

/**
 * Writes rows in every way (see `expectSameRows`) to a new table.
 *
 * @returns the outcomes of plain drizzle for each row by itself, without `returning()`
 */
export async function expectSameColumns(
  sides: SideBySide,
  columns: Columns,
  rows: readonly Record<string, unknown>[],
): Promise<readonly Told[]> {
  const { table, empty } = await makeTable(sides, columns);
  const [told = []] = await expectSameRows(sides, table, rows, { empty });
  return told;
}

/** The same for the values of one column. */
export function expectSameValues(
  sides: SideBySide,
  column: PgColumnBuilderBase,
  type: string,
  values: readonly unknown[],
): Promise<readonly Told[]> {
  return expectSameColumns(
    sides,
    { v: [column, type] },
    [...values, null, undefined].map((v) => ({ v })),
  );
}

/** drizzle caches the columns of a table by the table's name, so each table gets its own name. */
let tables = 0;
