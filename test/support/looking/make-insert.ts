import { type SQL, sql } from 'drizzle-orm';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type { Insert, Row } from './programs.ts';
import { others, type TableName, tables } from './tables.ts';

/** The common type of plain drizzle and ours: a database, or a transaction of one. */
export type Database = PgDatabase<PostgresJsQueryResultHKT, Record<string, never>>;
/** The place of a step in its program: the step in each enclosing transaction, and the member of a group. */
export type Path = readonly number[];
export const nameOf = (path: Path): string => path.join('.');

const regclass = (table: TableName): string => `looking.${table}_id_seq`;
const count = (table: TableName): SQL => sql`(select count(*)::int from ${sql.raw(`looking.${table}`)})`;
const lastId = (table: TableName): SQL => sql`(select max(id) from ${sql.raw(`looking.${table}`)})`;

/**
 * A given key, unique to its row, and lower than any that a sequence gives. A group has up to 24 members, and no other list
 * more than 5.
 */
function givenId(path: Path, row: number): number {
  const group = path.slice(0, -1).reduce((number, place) => number * 6 + place + 1, 0);
  return 1_000 + (group * 26 + (path.at(-1) ?? 0) + 1) * 5 + row;
}

const neighbour = (path: Path, distance: number): Path => [
  ...path.slice(0, -1),
  (path.at(-1) ?? 0) + distance,
];

function orgOf({ org }: Row, table: TableName): unknown {
  if (org === 'left out') return undefined;
  return org === 'number of rows' ? count(table) : org;
}

function parentOf({ parent }: Row, table: TableName, path: Path, row: number): unknown {
  switch (parent) {
    case 'left out':
      return undefined;
    case 'base':
      return 1;
    case 'next row':
      return givenId(path, row + 1);
    case 'previous row':
      return givenId(path, row - 1);
    case 'next entry':
      return givenId(neighbour(path, 1), 0);
    case 'previous entry':
      return givenId(neighbour(path, -1), 0);
    case 'currval':
      return sql`currval(${regclass(table)})`;
    case 'currval of the other table':
      return sql`currval(${regclass(others[table])})`;
    case 'lastval':
      return sql`lastval()`;
    case 'last id':
      return lastId(table);
    case 'last id of the other table':
      return lastId(others[table]);
  }
}

function posOf({ pos }: Row, table: TableName): unknown {
  switch (pos) {
    case 'left out':
      return undefined;
    case 'nextval':
      return sql`nextval('looking.spare')`;
    case 'currval':
      return sql`currval(${regclass(table)})`;
    case 'number of rows':
      return count(others[table]);
    case 'number of rows by a function':
      return sql`${sql.raw(`looking.${table}_count()`)}`;
    default:
      return pos;
  }
}

function noteOf({ note }: Row, label: string): unknown {
  switch (note) {
    case 'left out':
      return undefined;
    case 'text':
      return `note of ${label}`;
    case 'upper':
      return sql`upper(${label})`;
    case 'set a setting':
      return sql`set_config('looking.setting', ${label}, true)`;
    case 'set a setting for the session':
      return sql`set_config('looking.setting', ${label}, false)`;
    case 'read the setting':
      return sql`current_setting('looking.setting', true)`;
  }
}

function valuesOf(given: Row, table: TableName, path: Path, row: number): Record<string, unknown> {
  const label = given.label === 'own' ? `at ${nameOf([...path, row])}` : `shared ${given.label}`;
  const values = {
    id: given.id === 'given' ? givenId(path, row) : undefined,
    org: orgOf(given, table),
    label,
    parentId: parentOf(given, table, path, row),
    pos: posOf(given, table),
    note: noteOf(given, label),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/**
 * Calls an insert. Its values depend on its place in the program.
 *
 * @param parentId instead of the parent that the rows name
 */
export function makeInsert(
  db: Database,
  insert: Insert,
  path: Path,
  parentId?: unknown,
): PromiseLike<unknown> {
  const table = tables[insert.table];
  const rows = insert.rows.map((row, index) => ({
    ...valuesOf(row, insert.table, path, index),
    ...(parentId !== undefined && { parentId }),
  }));
  const query = db.insert(table).values((rows.length === 1 ? rows[0] : rows) as never);
  addConflict(query, insert);
  switch (insert.selection) {
    case 'none':
      return query;
    case 'all':
      return query.returning();
    case 'id':
      return query.returning({ id: table.id });
    case 'label':
      return query.returning({ label: table.label });
    case 'expressions':
      return query.returning({
        id: table.id,
        loud: sql`upper(${table.label})`,
        rows: count(insert.table),
        counted: sql.raw(`looking.${insert.table}_count_now()`),
      });
  }
}

/** The methods that add a conflict clause. */
interface Conflicting {
  onConflictDoNothing(config?: object): unknown;
  onConflictDoUpdate(config: never): unknown;
}

function addConflict(query: Conflicting, { conflict, table: name }: Insert): void {
  const table = tables[name];
  const target = table.label;
  const update = (set: object, more = {}) => query.onConflictDoUpdate({ target, set, ...more } as never);
  switch (conflict) {
    case 'none':
      return;
    case 'nothing':
      return void query.onConflictDoNothing();
    case 'nothing at label':
      return void query.onConflictDoNothing({ target });
    case 'update':
      return void update({ note: sql`excluded.note` });
    case 'update if':
      return void update({ note: sql`${table.note} || '+'` }, { setWhere: sql`length(${table.note}) < 3` });
    case 'update: highest pos':
      return void update({ pos: sql.raw(`looking.${name}_top()`) });
    case 'update: nextval':
      return void update({ pos: sql`nextval('looking.spare')` });
  }
}
