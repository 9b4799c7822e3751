import { test } from 'vitest';
import { unquotedPrograms } from '../support/arbitrary-programs.ts';
import { comparePrograms } from '../support/compare-programs.ts';
import { driver } from '../support/drivers/chosen.ts';
import { useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 300);
// The same programs in each test run. `npm run fuzz` uses other seeds.
const seed = Number(process.env.FUZZ_SEED ?? 1);

const plainDatabase = useDatabase();
const batchedDatabase = useDatabase();

test(
  `${runs} random programs cannot tell the database from plain drizzle`,
  { timeout: 30_000 + runs * 1_000 },
  () => comparePrograms(plainDatabase.client({ max: 1 }), batchedDatabase.client({ max: 1 }), { runs, seed }),
);

test('nor do those whose rows are copied as soon as they are two', { timeout: 80_000 }, () =>
  comparePrograms(plainDatabase.client({ max: 1 }), batchedDatabase.client({ max: 1 }), {
    runs: 100,
    seed: seed + 1,
    batch: { copyRows: 1 },
  }),
);

test.skipIf(!driver.ownTypes).each([10_000, 1])(
  'nor do those of clients with serialisers and parsers of their own, copied from %i rows on',
  { timeout: 80_000 },
  (copyRows) => {
    const options = { max: 1, own: driver.ownTypes ?? {} };
    return comparePrograms(plainDatabase.client(options), batchedDatabase.client(options), {
      runs: 100,
      seed: seed + 2,
      batch: { copyRows },
      of: unquotedPrograms,
    });
  },
);
