import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { BatchOptions } from '../../src/index.ts';
import { programs } from './arbitrary-programs.ts';
import { BatchedRunner } from './batched-runner.ts';
import { compareRuns, type Ran } from './compare-traces.ts';
import { batchedDrizzle, driver } from './drivers/chosen.ts';
import type { Client } from './drivers/driver.ts';
import { PlainRunner } from './plain-runner.ts';
import type { Database } from './program-database.ts';
import { readTables, reset } from './program-tables.ts';
import type { Program } from './programs.ts';
import type { Runner } from './run-program.ts';
import * as schema from './schema.ts';

/** Limits of a batch change which inserts are sent together, and nothing else. */
const limits = [{}, { maxRows: 2 }, { maxBytes: 100 }, { keys: 'client' as const }];
/** A program takes some milliseconds. One that takes this long hangs. */
const patience = 10_000;

/**
 * Runs random programs on plain drizzle and on ours, and expects results that can't be distinguished.
 *
 * @param plainClient has one connection, to a database of its own, as `batchedClient` has. So a connection
 * that is lost to the pool is noticed at once, and statements run in the order of their calls.
 */
export async function comparePrograms(
  plainClient: Client,
  batchedClient: Client,
  {
    runs,
    seed,
    batch = {},
    of = programs,
  }: {
    runs: number;
    seed: number;
    batch?: BatchOptions;
    of?: fc.Arbitrary<Program>;
  },
): Promise<void> {
  const plain: Database = driver.reference(plainClient, { schema });
  const batched: Database[] = limits.map((limit) =>
    batchedDrizzle(batchedClient, { schema, batch: { ...batch, ...limit } }),
  );
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);

  const cannotBeToldApart = async (program: Program, drawn: number): Promise<void> => {
    // Batches outside a transaction keep no order among one another. A smaller batch would make another
    // program.
    const limit = program.steps.every((step) => step.do === 'transaction') ? drawn : 0;
    const expected = new PlainRunner();
    const plainRan = await runOn(plainClient, plain, expected, program);
    const ours = new BatchedRunner(expected.choices);
    const batchedRan = await runOn(batchedClient, batched[limit] as Database, ours, program);
    expect(compareRuns(plainRan, batchedRan, batch.awaits === 'queued')).toEqual([]);
    expect(unhandled.splice(0)).toEqual([]);
  };

  process.on('unhandledRejection', note);
  try {
    await fc.assert(fc.asyncProperty(of, fc.nat({ max: limits.length - 1 }), cannotBeToldApart), {
      numRuns: runs,
      seed,
      timeout: patience,
    });
  } finally {
    process.off('unhandledRejection', note);
  }
}

async function runOn(client: Client, db: Database, runner: Runner, program: Program): Promise<Ran> {
  await reset(client);
  await runner.run(db, program);
  // A rejection becomes unhandled one turn later.
  await turn();
  const [state] = await driver.query(client, 'select now() = statement_timestamp() as idle');
  expect(state, 'the connection is back in the pool, and in no transaction').toEqual({ idle: true });
  return { trace: runner.trace, contents: await readTables(client) };
}
