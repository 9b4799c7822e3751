import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eq } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { organizations } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

/*
 * V8 puts a function literal that is assigned to a property among the old objects at once. What such a function reaches survives
 * every collection of young objects, also when nobody can reach the function any more. So a transaction whose parts hang on one
 * another must assign none: each of them would wait, whole, for the full collection.
 */

const database = useDatabase();

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;

const transactions = 200;

/** The bytes for each transaction that only a full collection would free. */
async function leftByEach(transact: () => Promise<unknown>): Promise<number> {
  for (let count = 0; count < transactions; count++) await transact();
  collect();
  const before = oldBytes();
  for (let count = 0; count < transactions; count++) await transact();
  // An object is old when it has survived two.
  collect({ type: 'minor' });
  collect({ type: 'minor' });
  return (oldBytes() - before) / transactions;
}

function oldBytes(): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => !space_name.startsWith('new'))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

test('a transaction leaves no more behind for the full collection than in drizzle', {
  timeout: 120_000,
}, async () => {
  const client = database.client({ max: 1 });
  const [plain, ours] = [drizzle(client), batchedDrizzle(client)];
  const transactOn = (db: Pick<typeof plain, 'transaction'>) => () =>
    db.transaction(async (tx) => {
      const [made] = await tx.insert(organizations).values({ name: 'a' }).returning({ id: organizations.id });
      await tx
        .select()
        .from(organizations)
        .where(eq(organizations.id, made?.id ?? 0));
    });
  const ofPlain = await leftByEach(transactOn(plain));
  // Other parts of the process may add to it.
  expect(await leftByEach(transactOn(ours as never))).toBeLessThan(ofPlain + 3_000);
});
