import fc from 'fast-check';
import { expect } from 'vitest';
import type { BatchOptions } from '../../src/index.ts';
import { BatchedRunner } from './batched-runner.ts';
import { batchedDrizzle, driver } from './drivers/chosen.ts';
import type { Client } from './drivers/driver.ts';
import { PlainRunner } from './plain-runner.ts';
import type { Database } from './program-database.ts';
import { reset } from './program-tables.ts';
import type { Program } from './programs.ts';
import type { Relay } from './relay.ts';
import type { Runner } from './run-program.ts';
import * as schema from './schema.ts';
import type { TestDatabase } from './test-database.ts';

/** A database behind a relay, and a client of it that is not counted. */
interface CountedSide {
  readonly relay: Relay;
  readonly client: Client;
  readonly other: Client;
}

interface Trips {
  readonly trips: number;
  readonly statements: readonly string[];
}

export interface CompareOptions {
  readonly runs: number;
  readonly seed: number;
  readonly programs: fc.Arbitrary<Program>;
  readonly batch?: BatchOptions;
  /** How many milliseconds the programs may take, with those that make a failed one shorter. */
  readonly limit: number;
}

/** A program takes some hundred milliseconds. One that takes this long hangs. */
const patience = 20_000;

/** Runs random programs on plain drizzle and on ours, and expects that ours never takes more round trips. */
export async function compareTrips(
  plainDatabase: TestDatabase,
  batchedDatabase: TestDatabase,
  { runs, seed, programs, batch = {}, limit }: CompareOptions,
): Promise<void> {
  const [plainSide, batchedSide] = [await openSide(plainDatabase), await openSide(batchedDatabase)];
  const plain: Database = driver.reference(plainSide.client, { schema });
  const batched: Database = batchedDrizzle(batchedSide.client, { schema, batch });
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      // The first run asks for facts of tables that no program before has written. Plain drizzle has one, too: a client keeps
      // the names of prepared statements, and pg's pool drops a client that has refused one.
      await count(plainSide, plain, new CountedPlainRunner(plainSide.relay), program);
      const expected = new CountedPlainRunner(plainSide.relay);
      const most = await count(plainSide, plain, expected, program);
      await count(batchedSide, batched, new BatchedRunner(expected.choices), program);
      const counted = new BatchedRunner(expected.choices);
      const ours = await count(batchedSide, batched, counted, program);
      // With queued awaits an error is heard later, so that ours may run steps which plain drizzle has not reached.
      const further = batch.awaits === 'queued' ? stepsBeyond(expected, counted) : 0;
      const statements = { plain: most.statements, ours: ours.statements };
      expect(ours.trips, JSON.stringify(statements, null, 2)).toBeLessThanOrEqual(
        most.trips - expected.tripsOfLookUps + further * mostTripsOfStep,
      );
    }),
    { numRuns: runs, seed, timeout: patience, interruptAfterTimeLimit: limit },
  );
}

/** Plain drizzle describes a statement and executes it; a nested transaction is one round trip more. */
const mostTripsOfStep = 3;

function stepsBeyond(plain: Runner, ours: Runner): number {
  return [...ours.trace.keys()].filter((step) => !plain.trace.has(step)).length;
}

async function openSide(database: TestDatabase): Promise<CountedSide> {
  const relay = await database.relay({ delay: 1 });
  return {
    relay,
    client: database.client({ url: relay.url, max: 1 }),
    other: database.client({ max: 1 }),
  };
}

async function count(side: CountedSide, db: Database, runner: Runner, program: Program): Promise<Trips> {
  await reset(side.other);
  side.relay.reset();
  await runner.run(db, program);
  return { trips: side.relay.trips, statements: [...side.relay.statements] };
}

/** Notes the round trips that are not the program's own. Plain drizzle has nothing else under way meanwhile. */
class CountedPlainRunner extends PlainRunner {
  tripsOfLookUps = 0;

  constructor(readonly relay: Relay) {
    super();
  }

  protected override async lookUp<T>(work: () => Promise<T>): Promise<T> {
    const before = this.relay.trips;
    try {
      return await super.lookUp(work);
    } finally {
      this.tripsOfLookUps += this.relay.trips - before;
    }
  }
}
