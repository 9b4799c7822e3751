/** Traces the sides by the command's own means, each in a process of its own. */
import { fileURLToPath } from 'node:url';
import type { Run } from '../../cli/src/trace/page/page.ts';
import { runProgram } from '../../cli/src/trace/run-program.ts';
import type { TracedTrip } from '../../cli/src/trace/trace.ts';
import type { Side } from './sides.ts';

const program = fileURLToPath(new URL('./traced-side.ts', import.meta.url));
const observer = new URL('../../cli/src/trace/observe/preload.ts', import.meta.url).href;
/** The sources of the library are no part of the program here. */
const library = fileURLToPath(new URL('../../src/', import.meta.url));

/** @returns the transaction that each side writes its people in */
export async function traceSides(sides: readonly Side[], count: number, url: string): Promise<Run[]> {
  const runs: Run[] = [];
  for (const { label, group } of sides) {
    const { exitCode, trace } = await runProgram({
      command: [process.execPath, program, group, String(count)],
      env: { DATABASE_URL: url },
      // The sources run as they are, the observer among them.
      imports: ['tsx', observer],
      skip: [library],
    });
    if (exitCode !== 0) throw new Error(`${label} ended with exit code ${exitCode}`);
    runs.push({ title: label, trace: { ...trace, trips: lastTransaction(trace.trips) } });
  }
  return runs;
}

function lastTransaction(trips: readonly TracedTrip[]): TracedTrip[] {
  const last = trips.findLast(({ inTransaction }) => inTransaction);
  return trips.filter(({ unit }) => unit === last?.unit);
}
