import { test } from 'vitest';
import { comparePrograms } from '../support/compare-programs.ts';
import { useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 300);
// The same programs in each test run. `npm run fuzz` uses other seeds.
const seed = Number(process.env.FUZZ_SEED ?? 1);

const plainDatabase = useDatabase();
const batchedDatabase = useDatabase();

test(
  `${runs} random programs cannot tell the database from plain drizzle`,
  { timeout: 30_000 + runs * 500 },
  () =>
    comparePrograms(plainDatabase.connect({ max: 1 }), batchedDatabase.connect({ max: 1 }), { runs, seed }),
);

test('nor do those whose rows are copied as soon as they are two', { timeout: 80_000 }, () =>
  comparePrograms(plainDatabase.connect({ max: 1 }), batchedDatabase.connect({ max: 1 }), {
    runs: 100,
    seed: seed + 1,
    batch: { copyRows: 1 },
  }),
);

/** Texts and numbers as these clients write and read them. A number is another object each time, and equal to itself. */
const types = {
  text: {
    to: 25,
    from: [25],
    serialize: (value: unknown) => `${value}~`,
    parse: (text: string) => `~${text}`,
  },
  varchar: { to: 1043, from: [1043], serialize: (value: unknown) => `${value}~`, parse: String },
  int: { to: 23, from: [23], serialize: (value: unknown) => Number(value).toFixed(), parse: Number },
  uuid: { to: 2950, from: [2950], serialize: (value: string) => value.toUpperCase(), parse: String },
};

test.each([10_000, 1])(
  'nor do those of clients with serialisers and parsers of their own, copied from %i rows on',
  { timeout: 80_000 },
  (copyRows) => {
    const options = { max: 1, types: types as never };
    return comparePrograms(plainDatabase.connect(options), batchedDatabase.connect(options), {
      runs: 100,
      seed: seed + 2,
      batch: { copyRows },
    });
  },
);
