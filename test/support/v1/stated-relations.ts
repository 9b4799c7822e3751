/** The relational queries of the programs in `stated-programs.ts`, as drizzle 1.0 has them. */
import { defineRelations } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { cells, notes } from '../stated-tables.ts';

const relationsOfDrizzle1 = defineRelations({ cells, notes }, (r) => ({
  cells: { notes: r.many.notes({ from: r.cells.id, to: r.notes.cell }) },
  notes: { of: r.one.cells({ from: r.notes.cell, to: r.cells.id }) },
}));

export const schema = { cells, notes, relationsOfDrizzle1 };

export type Db = PostgresJsDatabase<typeof relationsOfDrizzle1>;

export const relationalStatements: [string, (db: Db, value: never) => PromiseLike<unknown>][] = [
  [
    'relational',
    (db, value) =>
      db.query.cells.findMany({
        columns: { id: true },
        where: { t: value },
        with: { notes: { orderBy: { id: 'asc' } } },
        orderBy: { id: 'asc' },
      }),
  ],
  [
    'first',
    (db, value) =>
      db.query.notes.findFirst({
        where: { cell: value },
        with: { of: { columns: { t: true } } },
        orderBy: { id: 'asc' },
      }),
  ],
];
