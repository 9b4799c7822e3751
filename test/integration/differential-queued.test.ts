import { test } from 'vitest';
import { loops, programs } from '../support/arbitrary-programs.ts';
import { comparePrograms } from '../support/compare-programs.ts';
import { useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 150);
// The same programs in each test run. `npm run fuzz` uses other seeds.
const seed = Number(process.env.FUZZ_SEED ?? 1);

const plainDatabase = useDatabase();
const batchedDatabase = useDatabase();

test.each([
  ['loops', loops],
  ['programs', programs],
])(
  `${runs} random %s that await queued inserts differ only in where an error is heard`,
  { timeout: 30_000 + runs * 1_000 },
  (_, of) =>
    comparePrograms(plainDatabase.client({ max: 1 }), batchedDatabase.client({ max: 1 }), {
      runs,
      seed,
      batch: { awaits: 'queued' },
      of,
    }),
);
