/** The tables of the code blocks. */
import { integer, pgTable, serial, text, uuid } from 'drizzle-orm/pg-core';

export const users = pgTable('users', {
  id: serial().primaryKey(),
  name: text(),
  email: text(),
});

export const addresses = pgTable('addresses', {
  id: serial().primaryKey(),
  email: text().notNull(),
  userId: integer()
    .notNull()
    .references(() => users.id),
});

export const accounts = pgTable('accounts', {
  id: uuid()
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID()),
  name: text().notNull(),
});

export const notes = pgTable('notes', {
  id: serial().primaryKey(),
  accountId: uuid().notNull(),
});
