import { bigint, pgTable, text } from 'drizzle-orm/pg-core';

/** A table of `schema.ts`, for programs that no compiler reads. */
export const organizations = pgTable('organizations', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
  name: text('name').notNull(),
});
