import { test } from 'vitest';
import { loops, programs } from '../support/arbitrary-programs.ts';
import { compareTrips } from '../support/compare-trips.ts';
import { useDatabase } from '../support/test-database.ts';

// A relay delays each program, so there are fewer of them than of other random programs.
const runs = Math.ceil(Number(process.env.FUZZ_RUNS ?? 300) / 10);
// The same programs in each test run. `npm run fuzz` uses other seeds.
const seed = Number(process.env.FUZZ_SEED ?? 1);

const plainDatabase = useDatabase();
const batchedDatabase = useDatabase();

/** Time for the programs, and then for making the first one that failed shorter. */
const limit = 30_000 + runs * 2_000;

const kinds = [
  ['programs', programs, {}],
  ['loops', loops, {}],
  ['programs that await queued inserts', programs, { awaits: 'queued' }],
] as const;

test.each(kinds)(
  `${runs} random %s never take more round trips than on plain drizzle`,
  { timeout: limit + 30_000 },
  (_, of, batch) => compareTrips(plainDatabase, batchedDatabase, { runs, seed, programs: of, batch, limit }),
);
