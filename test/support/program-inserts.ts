import { sql } from 'drizzle-orm';
import type { IndexColumn, PgTable, SelectedFieldsFlat } from 'drizzle-orm/pg-core';
import type { BatchedInsert } from '../../src/index.ts';
import { rowsOf } from './drivers/chosen.ts';
import type { Database } from './program-database.ts';
import type { Parent, Quote, Row, TableName, Value } from './program-rows.ts';
import { firstGivenKey, tables } from './program-tables.ts';
import type { Insert } from './programs.ts';
import { members, nodes, tokens, users } from './schema.ts';
import { nameOf, type Path } from './trace.ts';

/** An insert that has been called. Its values depend on its place in the program. */
export interface PreparedInsert {
  readonly insert: Insert;
  readonly path: Path;
  /** The insert builder, drizzle's or ours. */
  readonly builder: PromiseLike<unknown>;
  /** The awaited value: the insert, or the result of passing it to `db.execute()`. */
  readonly awaitable: () => PromiseLike<unknown>;
}

export interface Parents {
  parent(parent: Parent, path: Path): unknown;
  quote(quote: Quote, path: Path): unknown;
}

/** The common methods of drizzle's insert and ours, for any table. */
type AnyInsert = Pick<
  BatchedInsert<PgTable, never>,
  'onConflictDoNothing' | 'onConflictDoUpdate' | 'returning' | 'toSQL'
> &
  PromiseLike<unknown>;

export function makeInsert(
  db: Database,
  insert: Insert,
  path: Path,
  parents: Parents,
  atOnce: boolean,
): PreparedInsert {
  const { table } = tables[insert.table];
  const rows = insert.rows.map((row, index) => ({
    ...valuesOf(row, [...path, index], parents),
    // The column's identity always generates a value, so a given one needs OVERRIDING SYSTEM VALUE.
    ...(insert.overriding &&
      insert.table === 'addresses' && { id: firstGivenKey + numberOf([...path, index]) }),
  }));
  const given = insert.single && rows.length === 1 ? rows[0] : rows;
  const into = db.insert(table);
  const builder = (insert.overriding ? into.overridingSystemValue() : into).values(given as never);
  const query = withConflict(builder as unknown as AnyInsert, insert, path);
  const fields = selectionOf(insert);
  if (fields === 'all') query.returning();
  else if (fields) query.returning(fields);
  if (atOnce && insert.described) query.toSQL();
  const awaitable = insert.executed ? () => db.execute(query as never) : () => query;
  return { insert, path, builder: query, awaitable };
}

function valuesOf(row: Row, path: Path, parents: Parents): Record<string, unknown> {
  const values = Object.entries(row).map(([column, value]) => [column, valueAt(value, path, parents)]);
  return Object.fromEntries(values);
}

/** A text that is unique to one place in the program. */
export const labelOf = (path: Path): string => `at ${nameOf(path)}`;

/** A number that is unique to one place in the program, as long as no list in it has 15 or more members. */
const numberOf = (path: Path): number => path.reduce((number, place) => number * 15 + place + 1, 0);

function valueAt(value: Value, path: Path, parents: Parents): unknown {
  switch (value.is) {
    case 'literal':
      return value.value;
    case 'label':
      return labelOf(path);
    case 'upper':
      return sql`upper(${labelOf(path)})`;
    case 'key':
      return firstGivenKey + numberOf(path);
    case 'uuid':
      return `00000000-0000-4000-8000-${numberOf(path).toString().padStart(12, '0')}`;
    case 'pool text':
      return `pool-${value.index}`;
    case 'pool key':
      return 2 * firstGivenKey + value.index;
    case 'pool uuid':
      return `00000000-0000-4000-9000-${value.index.toString().padStart(12, '0')}`;
    case 'count':
      return sql`(select count(*)::text from ${tables[value.of].table})`;
    case 'left out':
      return undefined;
    case 'default':
      return sql`default`;
    case 'parent':
      // No row has two parents.
      return parents.parent(value, path);
    case 'quote':
      return parents.quote(value, path);
  }
}

const targets: Partial<Record<TableName, IndexColumn>> = {
  users: users.name,
  members: members.email,
  tokens: tokens.id,
  nodes: nodes.id,
};

const sets: Partial<Record<TableName, (path: Path) => Record<string, unknown>>> = {
  // A name that no other row gets.
  users: (path) => ({ name: sql`${users.name} || ${` ${labelOf(path)}`}` }),
  members: () => ({ role: sql`excluded.role` }),
  tokens: () => ({ uses: sql`${tokens.uses} + excluded.uses` }),
  nodes: () => ({ label: sql`${nodes.label} || '+' || excluded.label` }),
};

const setWheres: Partial<Record<TableName, ReturnType<typeof sql>>> = {
  users: sql`${users.id} <> ${firstGivenKey}`,
  members: sql`${members.role} <> 'writer'`,
  tokens: sql`${tokens.uses} < 3`,
  nodes: sql`length(${nodes.label}) < 12`,
};

function withConflict(query: AnyInsert, { conflict, table }: Insert, path: Path): AnyInsert {
  const target = targets[table];
  if (conflict === 'none' || !target) return query;
  if (conflict === 'nothing') query.onConflictDoNothing();
  else if (conflict === 'nothing at target') query.onConflictDoNothing({ target });
  else {
    const setWhere = conflict === 'update where' ? { setWhere: setWheres[table] } : {};
    query.onConflictDoUpdate({ target, set: sets[table]?.(path) as never, ...setWhere } as never);
  }
  return query;
}

/** Whether an insert returns the keys of its rows. */
export function returnsKey({ selection, table }: Insert): boolean {
  return tables[table].key !== undefined && selection !== 'none' && selection !== 'text';
}

/** The rows that an insert has returned, itself or by `execute()`. */
export function returnedRows(value: unknown): readonly { id?: unknown; key?: unknown }[] {
  return Array.isArray(value) ? value : rowsOf(value);
}

function selectionOf({ selection, table }: Insert): SelectedFieldsFlat | 'all' | undefined {
  const { key, text } = tables[table];
  switch (selection) {
    case 'none':
      return undefined;
    case 'all':
      return 'all';
    case 'key':
      return key ? { id: key } : { text };
    case 'text':
      return { text };
    case 'aliases':
      return { again: text, ...(key && { key }), text };
    case 'expressions':
      return {
        ...(key && { key }),
        loud: sql<string>`upper(${text})`,
        seen: sql<number>`(select count(*)::int from ${users})`,
      };
  }
}
