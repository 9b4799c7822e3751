import { afterAll, beforeAll, test } from 'vitest';
import { createSchema } from '../support/looking/base-schema.ts';
import { sqlOfChange } from '../support/looking/changes.ts';
import { comparePrograms } from '../support/looking/compare-programs.ts';
import { lookNames } from '../support/looking/looks.ts';
import { batchedSide, createRole, dropRole, plainSide } from '../support/looking/sides.ts';
import { useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 100);
// The same programs in each test run. `npm run fuzz` uses other seeds.
const seed = Number(process.env.FUZZ_SEED ?? 1);

const plainDatabase = useDatabase();
const batchedDatabase = useDatabase();
const role = `batched_drizzle_looking_${process.pid}`;

beforeAll(() => createRole(plainDatabase.connect({ max: 1 }), role));
afterAll(() => dropRole([plainDatabase.connect({ max: 1 }), batchedDatabase.connect({ max: 1 })], role));

test('a table can be made to look around in each way', { timeout: 60_000 }, async () => {
  const client = plainDatabase.connect({ max: 1 });
  for (const look of lookNames) {
    await client.unsafe(createSchema(role));
    await client.unsafe(sqlOfChange({ what: look, table: 'docs' }, role));
  }
});

/** Time for the programs, and then for making the first one that failed shorter. */
const limit = 20_000 + runs * 500;

test(
  `${runs} random programs over tables that look around cannot be distinguished from plain drizzle`,
  { timeout: limit + 30_000 },
  () =>
    comparePrograms(plainSide(plainDatabase, role), batchedSide(batchedDatabase, role), {
      runs,
      seed,
      role,
      limit,
    }),
);
