import { integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';

export const roles = pgTable('roles', {
  id: serial('id').primaryKey(),
  name: text('name').notNull().unique(),
});

export const users = pgTable('users', {
  id: serial('id').primaryKey(),
  username: text('username').notNull(),
  name: text('name'),
  email: text('email'),
  age: integer('age'),
  joinedAt: timestamp('joined_at', { withTimezone: true }),
  roleId: integer('role_id').references(() => roles.id),
});
