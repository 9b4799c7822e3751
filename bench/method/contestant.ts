import type { Job, Manner, Run } from '../jobs/job.ts';
import type { Session } from '../sides/side.ts';
import type { Given, Referee } from './database.ts';
import { collectGarbage, collectYoung } from './heap.ts';
import type { Contestant } from './turns.ts';

/** Up to this size the rows of a run are still in the young heap when the run is over. */
const largest = 2_000;

interface Watched extends Manner {
  /** Receives the times of the calls of a run. */
  onCalls?(ms: readonly number[]): void;
}

/**
 * A side in a job. Before each run the tables are emptied, unless the job watches them itself. After it the
 * rows are checked.
 */
export function makeContestant(
  label: string,
  job: Job,
  session: Session,
  size: number,
  referee: Referee,
  { onCalls, ...manner }: Watched = {},
): Contestant {
  let run: Run | undefined;
  let check: ((side: string) => Promise<void>) | undefined;
  let given: readonly Given[] = [];
  return {
    label,
    waits: true,
    async before() {
      if (job.watch) check = await job.watch(referee.sql, size);
      else await referee.reset(job.tables);
      // Made anew for each run: some sides write ids into the objects they are given.
      run = job.prepare(session, size, manner);
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
      await check?.(label);
      for (const each of given) await referee.check(label, each);
      given = [];
    },
  };
}
