import { afterAll, beforeAll, test } from 'vitest';
import { comparePrograms } from '../support/looking/compare-programs.ts';
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
