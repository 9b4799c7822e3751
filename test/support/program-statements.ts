import { eq, isNull, or, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Database } from './program-database.ts';
import { labelOf, type Parents } from './program-inserts.ts';
import { relational } from './program-queries.ts';
import type { TableName } from './program-rows.ts';
import { children, firstGivenKey, tables } from './program-tables.ts';
import type { Statement } from './programs.ts';
import { logs, users } from './schema.ts';
import type { Path } from './trace.ts';

/** A builder of drizzle, or a function that executes a statement. */
export type Executable = PromiseLike<unknown> | (() => PromiseLike<unknown>);

export interface RunningStatement {
  /** Executed when it is awaited. */
  readonly statement: Executable;
  readonly table: TableName | undefined;
  readonly unordered: boolean;
}

/** Makes a statement. Its values depend on its place in the program. */
export function runStatement(db: Database, given: Statement, path: Path, parents: Parents): RunningStatement {
  const statement = makeStatement(db, given, path, parents);
  return { statement, table: tableOf(given), unordered: /update|move|delete/.test(given.do) };
}

function tableOf(given: Statement): TableName | undefined {
  if (given.do === 'update') return given.of.of;
  if ('of' in given) return children[given.of.of].of;
  return 'table' in given ? given.table : undefined;
}

function makeStatement(db: Database, given: Statement, path: Path, parents: Parents): Executable {
  switch (given.do) {
    case 'select':
      return selectFrom(db, given.table);
    case 'prepared': {
      const prepared = selectFrom(db, given.table).prepare('prepared_by_program');
      // `Promise.all` executes the builders of a group one microtask later. Waiting as long keeps the
      // statement's turn.
      return () => Promise.resolve().then(() => prepared.execute());
    }
    case 'count':
      return db.$count(tables[given.table].table);
    case 'relational':
      return relational[given.table](db);
    case 'select where': {
      const { table, column } = children[given.of.of];
      return selectFrom(db, children[given.of.of].of, eq(column, parents.parent(given.of, path)), table);
    }
    case 'update': {
      const { table, key, text } = tables[given.of.of];
      const query = db
        .update(table)
        .set({ [propertyOf(text)]: labelOf(path) })
        .where(eq(key, parents.parent(given.of, path)));
      return given.returning ? query.returning() : query;
    }
    case 'move': {
      const { table, column, property } = children[given.of.of];
      const query = db
        .update(table)
        .set({ [property]: parents.parent(given.of, path) })
        .where(or(isNull(column), eq(column, firstGivenKey)));
      return given.returning ? query.returning() : query;
    }
    case 'delete': {
      const query = db.delete(tables[given.table].table);
      return given.returning ? query.returning() : query;
    }
    case 'delete where': {
      const { table, column } = children[given.of.of];
      const query = db.delete(table).where(eq(column, parents.parent(given.of, path)));
      return given.returning ? query.returning() : query;
    }
    case 'raw insert':
      return db.execute(
        sql`insert into logs (level, message) values (${labelOf(path)}, 'raw') returning message, level`,
      );
    case 'raw error':
      return db.execute(sql`select 1 / 0`);
    case 'insert select': {
      const level = sql<string>`${labelOf(path)}::text`.as('level');
      const message = sql<string>`coalesce(${users.name}, 'nobody')`.as('message');
      return db.insert(logs).select(db.select({ level, message }).from(users));
    }
    case 'with insert': {
      const named = db.$with('named').as(db.select({ name: users.name }).from(users));
      const message = sql`(select count(name)::text from named)`;
      return db
        .with(named)
        .insert(logs)
        .values({ level: labelOf(path), message })
        .returning();
    }
  }
}

function selectFrom(db: Database, name: TableName, where?: ReturnType<typeof eq>, from?: PgTable) {
  const { key, text } = tables[name];
  const order = name === 'events' || !key ? [text] : [key];
  if (name === 'logs') order.push(logs.message);
  return db
    .select()
    .from(from ?? tables[name].table)
    .where(where)
    .orderBy(...order);
}

export const propertyOf = (column: PgColumn): string => (column.name === 'va lue' ? 'value' : column.name);
