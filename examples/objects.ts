import type { Example } from './example.ts';
import { roles, users } from './schema.ts';

/** Objects that refer to one another: an insert for each, none awaited, and one round trip for all of them. */
export const objects: Example = async ({ db, count }) => {
  await db.transaction(async (tx) => {
    const kinds = ['reader', 'writer', 'owner'].map((name) => tx.insert(roles).values({ name }));
    for (let index = 0; index < count; index++) {
      const role = kinds[index % kinds.length] as (typeof kinds)[number];
      // The id that the role will have: nothing has been sent yet.
      tx.insert(users).values({ username: `user${index}`, roleId: role.ref('id') });
    }
  });
  return `${count} users with one of three roles each`;
};
