import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type CountedRun, countSteps } from '../support/count-steps.ts';
import { type ProgramDriver, programDrivers, useRuntimeProgram } from '../support/runtime-program.ts';
import { installedMiniflare, notInstalled, runtimes } from '../support/runtimes.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const program = useRuntimeProgram();

// A run has some 70 round trips of 40 ms, and a machine of few cores may run other tests beside it.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

type Runs = Record<ProgramDriver, CountedRun>;

/** Runs the program in two processes, one on each driver. */
async function runBoth(command: readonly [string, ...string[]]): Promise<Runs> {
  const runOn = (driver: ProgramDriver) =>
    countSteps(database, (run) => program.run(command, driver, run), 20);
  const [postgresJs, nodePostgres] = await Promise.all([runOn('postgres-js'), runOn('node-postgres')]);
  return { 'postgres-js': postgresJs, 'node-postgres': nodePostgres };
}

/** What the program does on the Node that runs the tests. */
let onNode: Runs;

beforeAll(async () => {
  onNode = await runBoth([process.execPath]);
});

const withoutAgents = ({ userAgents, ...run }: CountedRun) => run;

/** The round trips of each step. */
const trips: Readonly<Record<string, Readonly<Record<ProgramDriver, number>>>> = {
  'an insert by itself': { 'postgres-js': 1, 'node-postgres': 1 },
  'a transaction that only queues, with references': { 'postgres-js': 2, 'node-postgres': 2 },
  'children behind a parent that is awaited': { 'postgres-js': 3, 'node-postgres': 3 },
  'inserts of one turn on the database': { 'postgres-js': 2, 'node-postgres': 2 },
  'inserts that are awaited one after another': { 'postgres-js': 6, 'node-postgres': 6 },
  'a graph of 300 rows': { 'postgres-js': 3, 'node-postgres': 3 },
  // On pg the select waits for the first such inserts of a process: it is asked whether policies may hide the table's rows.
  'a select, an update and a delete behind queued inserts': { 'postgres-js': 7, 'node-postgres': 5 },
  'a savepoint that is rolled back': { 'postgres-js': 5, 'node-postgres': 5 },
  'an insert that fails among others, and in a transaction': { 'postgres-js': 5, 'node-postgres': 5 },
  'a flush and its report': { 'postgres-js': 2, 'node-postgres': 2 },
  'values of many types': { 'postgres-js': 4, 'node-postgres': 4 },
  'rows of a generator, by COPY': { 'postgres-js': 9, 'node-postgres': 6 },
  'a prepared statement, and an insert with a placeholder': { 'postgres-js': 3, 'node-postgres': 3 },
  'transactions that run side by side': { 'postgres-js': 12, 'node-postgres': 12 },
};

describe.each(programDrivers)('on the Node that runs the tests, on %s', (driver) => {
  test('all 14 steps come through', () => {
    const { outcomes } = onNode[driver];
    expect(Object.keys(outcomes)).toHaveLength(14);
    const failed = Object.entries(outcomes).filter(([, outcome]) => !Object.hasOwn(outcome, 'result'));
    expect(failed).toEqual([]);
  });

  test('each step takes the round trips that are stated', () => {
    const stated = Object.entries(trips).map(([step, of]) => [step, of[driver]]);
    expect(onNode[driver].trips).toEqual(Object.fromEntries(stated));
  });

  test('a flush runs in the store that a tracer has bound', () => {
    const { outcomes } = onNode[driver];
    expect(outcomes['a flush and its report']).toMatchObject({
      result: { events: ['start in span', 'end in span', 'asyncStart in span', 'asyncEnd in span'] },
    });
  });

  test('each table has the rows that the program has written', () => {
    expect(onNode[driver].rows).toEqual({ users: 1688, posts: 210, values: 41 });
  });
});

test.for(runtimes)(
  'on $name all 14 steps give what they give on Node, in as many round trips, on both drivers; and the program ends',
  async ({ name, userAgent, command }, { skip }) => {
    if (!command) return skip(notInstalled(name));
    const runs = await runBoth(command);
    for (const driver of programDrivers) {
      expect(runs[driver].userAgents).toEqual([expect.stringMatching(userAgent)]);
      expect(withoutAgents(runs[driver])).toEqual(withoutAgents(onNode[driver]));
    }
  },
);

// The older date has `process` without events, no `node:worker_threads`, and no `node:fs`, which pg imports.
test.for([
  ['postgres-js', '2024-09-23'],
  ['postgres-js', '2026-04-20'],
  ['node-postgres', '2026-04-20'],
] as const)(
  'on %s six requests at once to a Worker of %s give what they give on Node, in as many round trips each',
  async ([driver, compatibilityDate], { skip }) => {
    if (!installedMiniflare) return skip(notInstalled('miniflare'));
    const worker = await program.startWorker(installedMiniflare, driver, compatibilityDate);
    let running = 0;
    let most = 0;
    const request = () =>
      countSteps(
        database,
        async (run) => {
          running += 1;
          most = Math.max(most, running);
          await worker.run(run);
          running -= 1;
        },
        80,
      );
    try {
      const runs = await Promise.all(Array.from({ length: 6 }, request));
      expect(most).toBe(6);
      for (const run of runs) {
        expect(run.userAgents).toEqual(['Cloudflare-Workers']);
        expect(withoutAgents(run)).toEqual(withoutAgents(onNode[driver]));
      }
    } finally {
      await worker.stop();
    }
  },
);
