import type { Example } from './example.ts';
import { users } from './schema.ts';

/** Rows that are all in memory: one insert, one round trip. */
export const dicts: Example = async ({ db, count }) => {
  const rows = Array.from({ length: count }, (_, index) => ({ username: `user${index}` }));
  const written = await db.insert(users).values(rows).returning({ id: users.id });
  return `${written.length} users, the last with id ${written.at(-1)?.id}`;
};
