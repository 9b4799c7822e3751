import { setImmediate as turn } from 'node:timers/promises';
import { drizzle } from 'drizzle-orm/postgres-js';
import fc from 'fast-check';
import type { Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { programs } from '../support/arbitrary-programs.ts';
import { BatchedRunner } from '../support/batched-runner.ts';
import { compareRuns, type Ran } from '../support/compare-traces.ts';
import { PlainRunner } from '../support/plain-runner.ts';
import { readTables, reset } from '../support/program-tables.ts';
import type { Program } from '../support/programs.ts';
import type { Database, Runner } from '../support/run-program.ts';
import * as schema from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 300);
// The same programs in each test run; `npm run fuzz` makes others.
const seed = Number(process.env.FUZZ_SEED ?? 1);
/** Limits of a batch move what travels together, and nothing else. */
const limits = [{}, { maxRows: 2 }, { maxBytes: 100 }, { keys: 'client' as const }];
/** A program takes some milliseconds; one that takes this long hangs. */
const patience = 10_000;

const plainDatabase = useDatabase();
const batchedDatabase = useDatabase();

// One connection each: what is lost to the pool is missed at once, and statements run in the order of their calls.
let plainClient: Sql;
let batchedClient: Sql;
let plain: Database;
let batched: Database[];
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeAll(() => {
  plainClient = plainDatabase.connect({ max: 1 });
  batchedClient = batchedDatabase.connect({ max: 1 });
  plain = drizzle(plainClient, { schema });
  batched = limits.map((batch) => batchedDrizzle(batchedClient, { schema, batch }));
  process.on('unhandledRejection', note);
});
afterAll(() => {
  process.off('unhandledRejection', note);
});

async function runOn(client: Sql, db: Database, runner: Runner, program: Program): Promise<Ran> {
  await reset(client);
  await runner.run(db, program);
  // A rejection is unhandled a turn later.
  await turn();
  const [state] = await client.unsafe('select now() = statement_timestamp() as idle');
  expect(state, 'the connection is back in the pool, and in no transaction').toEqual({ idle: true });
  return { trace: runner.trace, contents: await readTables(client) };
}

async function cannotBeToldApart(program: Program, drawn: number): Promise<void> {
  // Batches of the database keep no order among one another, so there a smaller one would be another program.
  const limit = program.steps.every((step) => step.do === 'transaction') ? drawn : 0;
  const expected = new PlainRunner();
  const plainRan = await runOn(plainClient, plain, expected, program);
  const ours = new BatchedRunner(expected.choices);
  const batchedRan = await runOn(batchedClient, batched[limit] as Database, ours, program);
  expect(compareRuns(plainRan, batchedRan)).toEqual([]);
  expect(unhandled.splice(0)).toEqual([]);
}

test(
  `${runs} random programs cannot tell the database from plain drizzle`,
  { timeout: 30_000 + runs * 500 },
  () =>
    fc.assert(fc.asyncProperty(programs, fc.nat({ max: limits.length - 1 }), cannotBeToldApart), {
      numRuns: runs,
      seed,
      timeout: patience,
    }),
);
