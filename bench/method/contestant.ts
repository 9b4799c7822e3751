import type { Job, Run } from '../jobs/job.ts';
import type { Session } from '../sides/side.ts';
import type { Given, Referee } from './database.ts';
import { collectGarbage, collectYoung } from './heap.ts';
import type { Contestant } from './turns.ts';

/** Up to this size the rows of a run are still in the young heap when the run is over. */
const largest = 2_000;

interface Watched {
  /** The number of transactions in a run, for the jobs that have several. */
  readonly transactions?: number | undefined;
  /** Receives the times of the calls of a run. */
  onCalls?(ms: readonly number[]): void;
}

/** A side in a job. Before each run the tables are emptied, and after it the rows are checked. */
export function makeContestant(
  label: string,
  job: Job,
  session: Session,
  size: number,
  referee: Referee,
  { transactions, onCalls }: Watched = {},
): Contestant {
  let run: Run | undefined;
  let given: readonly Given[] = [];
  return {
    label,
    waits: true,
    async before() {
      await referee.reset(job.tables);
      // Made anew for each run: some sides write ids into the objects they are given.
      run = job.prepare(session, size, transactions);
      await run?.open?.();
      if (size > largest) collectGarbage();
      else collectYoung();
    },
    async run() {
      given = (await run?.()) ?? [];
    },
    async after() {
      if (run?.calls) onCalls?.(run.calls);
      run = undefined;
      for (const each of given) await referee.check(label, each);
      given = [];
    },
  };
}
