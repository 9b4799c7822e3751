import { type Job, jobNamed, tables } from '../jobs/job.ts';
import type { Cell } from '../plan.ts';
import type { CellResult, SideResult } from '../results.ts';
import { openSide } from '../sides/index.ts';
import type { Session } from '../sides/side.ts';
import type { Given, Referee } from './database.ts';
import { collectGarbage, collectYoung } from './heap.ts';
import { openLink } from './latency.ts';
import { type Contestant, measure, turn } from './turns.ts';

export interface Surroundings {
  readonly url: string;
  readonly referee: Referee;
  readonly signal: AbortSignal;
  /** Says what is being done now. */
  say(doing: string): void;
}

/** Times all sides of a cell, interleaved, each run followed by a look at what it has written. */
export async function runCell(cell: Cell, { url, referee, signal, say }: Surroundings): Promise<CellResult> {
  const job = jobNamed(cell.job);
  await job.expect(referee, cell.size);
  const link = await openLink(url, cell.latency);
  const open: Session[] = [];
  try {
    const results = new Map<string, SideResult>();
    const contestants: Contestant[] = [];
    for (const name of cell.sides) {
      signal.throwIfAborted();
      const session = await openSide(name, { url: link.url, tables, chunk: cell.chunk });
      open.push(session);
      if (!job.prepare(session, 1)) continue;
      say(`${name}: warming up`);
      const ofSize = (size: number) => makeContestant(name, job, session, size, referee);
      const seconds = await warmUp(cell, ofSize);
      if (seconds > cell.patience) {
        const skipped = `would take some ${seconds.toFixed(0)} s a run`;
        results.set(name, { side: name, samples: [], skipped });
      } else {
        const turns = Math.max(cell.runs.least, Math.min(cell.runs.most, Math.floor(cell.seconds / seconds)));
        contestants.push({ ...ofSize(cell.size), turns });
        results.set(name, { side: name, samples: [] });
      }
    }
    const rounds = Math.max(0, ...contestants.map(({ turns = 0 }) => turns));
    const all = contestants.reduce((sum, { turns = 0 }) => sum + turns, 0);
    let done = 0;
    const onTurn = () => say(`${++done} of ${all} runs`);
    for (const { label, samples } of await measure(contestants, {
      rounds,
      warmup: 0,
      runs: 1,
      signal,
      onTurn,
    })) {
      results.set(label, { side: label, samples });
    }
    const { id, latency, size, reference } = cell;
    return {
      id,
      job: job.name,
      title: job.title,
      size,
      rows: job.rows(size),
      latency,
      measuredLatency: link.measured,
      ...(cell.sweep === undefined ? {} : { sweep: cell.sweep, step: cell.step ?? 0 }),
      reference,
      sides: [...results.values()],
    };
  } finally {
    await Promise.allSettled(open.map((session) => session.close()));
    await link.close();
  }
}

/** Runs it unmeasured, and gives the seconds that a run takes, or would take where a smaller one says enough. */
async function warmUp(
  { size, patience, seconds: budget, runs }: Cell,
  ofSize: (size: number) => Contestant,
): Promise<number> {
  // The first connects, prepares, and learns what must be learnt once.
  await turn(ofSize(1), 1);
  for (const part of [20, 4]) {
    const sample = Math.ceil(size / part);
    const took = await seconds(ofSize(sample));
    const estimated = took * (size / sample);
    // Of a run that is over at once most is no matter of its size, and says nothing of a larger one.
    if (took > patience / 8 && estimated > patience) return estimated;
    // A side that takes long is warm by then, and its runs are few.
    if (took > 1 && estimated > 4) return estimated;
  }
  // Code that has run a few times only is not compiled yet.
  const times: number[] = [];
  for (let spent = 0; times.length < runs.most && spent < budget; spent += times.at(-1) ?? 0) {
    times.push(await seconds(ofSize(size)));
  }
  return Math.min(...times);
}

async function seconds(contestant: Contestant): Promise<number> {
  const [ms = 0] = await turn(contestant, 1);
  return ms / 1_000;
}

/** Up to this size the rows of a run are young when it is over. */
const largest = 2_000;

export function makeContestant(
  label: string,
  job: Job,
  session: Session,
  size: number,
  referee: Referee,
): Contestant {
  let run: (() => Promise<readonly Given[]>) | undefined;
  let given: readonly Given[] = [];
  return {
    label,
    waits: true,
    async before() {
      await referee.reset(job.tables);
      // Made anew: some sides write ids into what they are given.
      run = job.prepare(session, size);
      if (size > largest) collectGarbage();
      else collectYoung();
    },
    async run() {
      given = (await run?.()) ?? [];
    },
    async after() {
      run = undefined;
      for (const each of given) await referee.check(label, each);
      given = [];
    },
  };
}
