import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchedDrizzle, driver } from '../support/drivers/chosen.ts';
import { create, runStrands } from '../support/run-strands.ts';
import { strands } from '../support/strands.ts';
import { useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 300);
const seed = Number(process.env.FUZZ_SEED ?? 1);

const plainDatabase = useDatabase();
const batchedDatabase = useDatabase();

test('random transactions that async functions use at once are those of plain drizzle, call by call', {
  timeout: 60_000 + runs * 200,
}, async () => {
  const plain = driver.reference(plainDatabase.client({ max: 1 }));
  const batched = batchedDrizzle(batchedDatabase.client({ max: 1 }));
  for (const db of [plain, batched]) for (const text of create) await db.execute(sql.raw(text));
  await fc.assert(
    fc.asyncProperty(strands, async (program) => {
      const expected = await runStrands(plain, program);
      expect(await runStrands(batched, program)).toEqual(expected);
    }),
    { numRuns: runs, seed, timeout: 10_000 },
  );
});
