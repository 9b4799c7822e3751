import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Sql } from 'postgres';
import { expect } from 'vitest';
import { driver } from '../drivers/chosen.ts';
import type { Client } from '../drivers/driver.ts';
import { programs as anyProgram } from './arbitrary-programs.ts';
import { createSchema } from './base-schema.ts';
import { sqlOfChange } from './changes.ts';
import { compareRuns, type Difference, type Ran } from './compare.ts';
import type { Database } from './make-insert.ts';
import { printProgram } from './print-program.ts';
import type { Program } from './programs.ts';
import { readTables } from './read-tables.ts';
import { type RunContext, runProgram } from './run.ts';

/** One of the two sides, with a database of its own. */
export interface Side {
  /** A client that only the test uses. */
  readonly test: Sql;
  /**
   * A client for one program, as the tables' owner or as a role that owns nothing. It has one connection, so
   * that statements run in the order of their calls. It is new, so that nothing is left of earlier programs.
   */
  connect(byRole: boolean): Client;
  open(client: Client, limit: number): Database;
  /**
   * Keeps the old versions of updated rows until it is let go. The order of the rows in a table is compared, and a place that is
   * free is used again, sooner or later.
   */
  keepVersions(): Promise<() => Promise<unknown>>;
  /** Refers to the row of an insert that is not written yet. Plain drizzle can't. */
  readonly refer?: RunContext['refer'];
  /** All payloads that were notified since the last call. */
  notified(): Promise<string[]>;
}

/** A program takes some milliseconds. One that takes this long hangs. */
const patience = 10_000;

export interface CompareOptions {
  readonly runs: number;
  readonly seed: number;
  readonly role: string;
  readonly programs?: fc.Arbitrary<Program>;
  /** How many milliseconds the programs may take, with those that make a failed one shorter. */
  readonly limit?: number;
}

/** Runs random programs on plain drizzle and on ours, and expects results that can't be distinguished. */
export async function comparePrograms(
  plain: Side,
  ours: Side,
  { runs, seed, role, programs = anyProgram, limit }: CompareOptions,
): Promise<void> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  const property = fc.asyncProperty(programs.map(withText), async (program) => {
    unhandled.length = 0;
    expect(await differences(plain, ours, program, role)).toEqual([]);
    expect(unhandled).toEqual([]);
  });

  process.on('unhandledRejection', note);
  try {
    await fc.assert(property, {
      numRuns: runs,
      seed,
      timeout: patience,
      ...(limit !== undefined && { interruptAfterTimeLimit: limit }),
    });
  } finally {
    process.off('unhandledRejection', note);
  }
}

const withText = (program: Program): Program =>
  Object.defineProperty({ ...program }, fc.toStringMethod, { value: () => printProgram(program) });

export async function differences(
  plain: Side,
  ours: Side,
  program: Program,
  role: string,
): Promise<Difference[]> {
  const [expected, given] = [await runOn(plain, program, role), await runOn(ours, program, role)];
  return compareRuns(expected, given);
}

async function runOn(side: Side, program: Program, role: string): Promise<Ran> {
  const { byRole } = program;
  await side.test.unsafe(endPrograms);
  await side.test.unsafe(createSchema(role));
  for (const { look, table } of program.looks) {
    // Some looks exclude one another. Then the table has the first one.
    await side.test.unsafe(sqlOfChange({ what: look, table }, role)).catch(() => {});
  }
  const letGo = await side.keepVersions();
  const client = side.connect(byRole);
  try {
    await driver.query(client, prelude);
    const other = (command: string) => side.test.unsafe(command);
    const context = { role, byRole, other, refer: side.refer };
    const trace = await runProgram(side.open(client, program.limit), program, context);
    // A rejection becomes unhandled one turn later.
    await turn();
    const [state] = await driver.query(client, 'select now() = statement_timestamp() as idle');
    expect(state, 'the connection is back in the pool, and in no transaction').toEqual({ idle: true });
    return { trace, contents: await readTables(side.test), notified: await side.notified() };
  } finally {
    await driver.end(client);
    await letGo();
  }
}

export const applicationName = 'random program';

/** A program that hangs would keep its locks. */
const endPrograms = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name = '${applicationName}'`;

/** The program's connection has drawn from each sequence, so that `currval` is defined. */
const prelude = `
  select set_config('looking.setting', 'none', false);
  select nextval('looking.tags_id_seq'), nextval('looking.members_id_seq'), nextval('looking.docs_id_seq');`;
