/** The relational queries of the programs in `stated-programs.ts`. */
import { eq, relations } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { cells, notes } from './stated-tables.ts';

export const schema = {
  cells,
  notes,
  cellsRelations: relations(cells, ({ many }) => ({ notes: many(notes) })),
  notesRelations: relations(notes, ({ one }) => ({
    of: one(cells, { fields: [notes.cell], references: [cells.id] }),
  })),
};

export type Db = PostgresJsDatabase<typeof schema>;

export const relationalStatements: [string, (db: Db, value: never) => PromiseLike<unknown>][] = [
  [
    'relational',
    (db, value) =>
      db.query.cells.findMany({
        columns: { id: true },
        where: eq(cells.t, value),
        with: { notes: true },
        orderBy: cells.id,
      }),
  ],
  [
    'first',
    (db, value) =>
      db.query.notes.findFirst({ where: eq(notes.cell, value), with: { of: { columns: { t: true } } } }),
  ],
];
