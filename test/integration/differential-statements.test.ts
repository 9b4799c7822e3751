import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { batchedDrizzle, driver } from '../support/drivers/chosen.ts';
import { runStated } from '../support/run-stated.ts';
import { statedPrograms } from '../support/stated-programs.ts';
import { schema } from '../support/stated-relations.ts';
import { create, statements } from '../support/stated-statements.ts';
import { useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 300);
const seed = Number(process.env.FUZZ_SEED ?? 1);

const hasRaw = driver.name === 'postgres-js';

const database = useDatabase();

beforeAll(async () => {
  const client = database.connect();
  for (const text of create) await client.unsafe(text);
});

test.each(Object.entries(driver.variants))(
  `random statements, their results, errors and effects are those of plain drizzle, %s`,
  { timeout: 60_000 + runs * 200 },
  async (_, { options, takesUndefined }) => {
    const another = driver.reference(database.client({ max: 1 }));
    const plain = driver.reference(database.client({ ...options, max: 1 }), { schema });
    const batched = batchedDrizzle(database.client({ ...options, max: 1 }), { schema });
    await fc.assert(
      fc.asyncProperty(statedPrograms([...statements.keys()], takesUndefined, hasRaw), async (program) => {
        const expected = await runStated(plain, program, another);
        expect(await runStated(batched, program, another)).toEqual(expected);
      }),
      { numRuns: Math.ceil(runs / 2), seed, timeout: 10_000, endOnFailure: true },
    );
  },
);
