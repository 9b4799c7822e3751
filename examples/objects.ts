import type { Example } from './example.ts';
import { roles, users } from './schema.ts';

/**
 * Objects that refer to one another. Each has its own insert, none is awaited, and all take one round trip.
 */
export const objects: Example = async ({ db, count }) => {
  await db.transaction(async (tx) => {
    const kinds = ['reader', 'writer', 'owner'].map((name) => tx.insert(roles).values({ name }));
    for (let index = 0; index < count; index++) {
      const role = kinds[index % kinds.length] as (typeof kinds)[number];
      // A reference to the id that the role will get. Nothing has been sent yet.
      tx.insert(users).values({ username: `user${index}`, roleId: role.ref('id') });
    }
  });
  return `${count} users with one of three roles each`;
};
