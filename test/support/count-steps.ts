import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Outcome } from '../runtimes/program/outcome.ts';
import type { Run, StepReport } from '../runtimes/program/run-steps.ts';
import { createTables, tableNames } from '../runtimes/program/tables.ts';
import { listenInstead } from './listen-instead.ts';
import type { TestDatabase } from './test-database.ts';

/** What a run of the program did. */
export interface CountedRun {
  /** What the runtime says to be. */
  readonly userAgents: readonly string[];
  /** What each step resolved to, or rejected with. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** The round trips of each step. */
  readonly trips: Readonly<Record<string, number>>;
  /** The number of rows in each table afterwards. */
  readonly rows: Readonly<Record<string, number>>;
}

let runs = 0;

/**
 * Has a program run its steps, and counts the round trips of each outside its runtime. The program connects through a relay
 * of its own, and its reports say where a step ends. Its tables are in a schema of its own.
 *
 * @param delay in milliseconds, each way: a flight that a slow client writes piecemeal within twice that time is one trip
 */
export async function countSteps(
  database: TestDatabase,
  run: (run: Run) => Promise<void>,
  delay: number,
): Promise<CountedRun> {
  runs += 1;
  const schema = `of_run_${runs}`;
  const sql = database.connect({ max: 1 });
  await sql.unsafe(createTables(schema));
  const relay = await database.relay({ delay });
  const reports: StepReport[] = [];
  const trips: Record<string, number> = {};
  const server = createServer(async (request, response) => {
    const report: StepReport = JSON.parse((await text(request)).replaceAll(schema, 'schema'));
    reports.push(report);
    trips[report.step] = relay.trips;
    relay.reset();
    response.end();
  });
  const reportTo = await listenInstead(server, 'http://localhost');
  try {
    await run({ url: relay.url, schema, reportTo });
  } finally {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
  const rows: Record<string, number> = {};
  for (const name of tableNames) {
    const [counted] = await sql`select count(*)::int as rows from ${sql(schema)}.${sql(name)}`;
    rows[name] = counted?.rows;
  }
  return {
    userAgents: [...new Set(reports.map(({ userAgent }) => userAgent))],
    outcomes: Object.fromEntries(reports.map(({ step, userAgent, ...outcome }) => [step, outcome])),
    trips,
    rows,
  };
}
