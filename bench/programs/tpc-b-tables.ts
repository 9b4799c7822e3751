import { char, integer, pgTable, timestamp } from 'drizzle-orm/pg-core';

/** The tables of pgbench. */

export const branches = pgTable('pgbench_branches', {
  id: integer('bid').primaryKey(),
  balance: integer('bbalance').notNull(),
  filler: char('filler', { length: 88 }),
});

export const tellers = pgTable('pgbench_tellers', {
  id: integer('tid').primaryKey(),
  branch: integer('bid').notNull(),
  balance: integer('tbalance').notNull(),
  filler: char('filler', { length: 84 }),
});

export const accounts = pgTable('pgbench_accounts', {
  id: integer('aid').primaryKey(),
  branch: integer('bid').notNull(),
  balance: integer('abalance').notNull(),
  filler: char('filler', { length: 84 }),
});

export const history = pgTable('pgbench_history', {
  teller: integer('tid').notNull(),
  branch: integer('bid').notNull(),
  account: integer('aid').notNull(),
  delta: integer('delta').notNull(),
  at: timestamp('mtime').notNull().defaultNow(),
});
