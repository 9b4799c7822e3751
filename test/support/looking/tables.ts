import { sql } from 'drizzle-orm';
import { integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';

/**
 * Tables that look around: writing a row of them reads tables, draws from sequences, or writes elsewhere.
 * All three have the same columns. What differs is in the database only, as `looks.ts` makes it.
 */
const columns = {
  id: () => serial('id').primaryKey(),
  org: () => integer('org'),
  label: () => text('label').notNull().unique(),
  parentId: () => integer('parent_id'),
  pos: () => integer('pos'),
  note: () => text('note').default(sql`'d'`),
  at: () => timestamp('at', { withTimezone: true, mode: 'string' }).defaultNow(),
};

const table = (name: string) =>
  pgTable(name, {
    id: columns.id(),
    org: columns.org(),
    label: columns.label(),
    parentId: columns.parentId(),
    pos: columns.pos(),
    note: columns.note(),
    at: columns.at(),
  });

export type LookingTable = ReturnType<typeof table>;

export const names = ['docs', 'members', 'tags'] as const;
export type TableName = (typeof names)[number];

export const tables: Readonly<Record<TableName, LookingTable>> = {
  docs: table('docs'),
  members: table('members'),
  tags: table('tags'),
};

/** The table that a table looks at, besides itself. */
export const others: Readonly<Record<TableName, TableName>> = {
  docs: 'members',
  members: 'tags',
  tags: 'docs',
};

/** Numbers from here on come from a sequence. Programs give lower ones, and rows are counted in lower ones. */
export const firstDrawn = 1_000_000;

/**
 * The first number of each table's sequence, so that a number shows its sequence. Twice such a number is not
 * one of another sequence.
 */
export const starts: Readonly<Record<TableName, number>> = {
  docs: 1_000_000,
  members: 3_000_000,
  tags: 5_000_000,
};

/** The first number of a sequence that belongs to no table. */
export const firstSpare = 7_000_000;
