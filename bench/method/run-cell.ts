import type { Cell } from '../cell.ts';
import { type Job, jobNamed, tables } from '../jobs/job.ts';
import type { CellResult, SideResult } from '../results.ts';
import { openSide, sideNamed } from '../sides/index.ts';
import type { Session } from '../sides/side.ts';
import type { Given, Referee } from './database.ts';
import { collectGarbage, collectYoung } from './heap.ts';
import { openLink } from './latency.ts';
import { type Contestant, measure, turn } from './turns.ts';
import { type OpenWay, openWay } from './way.ts';

export interface Surroundings {
  readonly url: string;
  readonly referee: Referee;
  readonly signal: AbortSignal;
  /** Displays the current step. */
  say(doing: string): void;
}

/** Times all sides of a cell, interleaved. The rows are checked after each run. */
export async function runCell(cell: Cell, surroundings: Surroundings): Promise<CellResult> {
  const { url, referee, signal, say } = surroundings;
  const job = jobNamed(cell.job);
  await job.expect(referee, cell.size);
  const way = await openWay(cell.way, url, referee.sql);
  const link = await openLink(way.url, cell.latency);
  const open: Session[] = [];
  try {
    const results = new Map<string, SideResult>();
    const contestants: Contestant[] = [];
    for (const name of cell.sides) {
      signal.throwIfAborted();
      const admitted = await admit(name, cell, { ...way, url: link.url }, surroundings, open);
      if (admitted === undefined) continue;
      if (typeof admitted !== 'string') contestants.push(admitted);
      const skipped = typeof admitted === 'string' ? { skipped: admitted } : {};
      results.set(name, { side: name, samples: [], ...skipped });
    }
    const rounds = Math.max(0, ...contestants.map(({ turns = 0 }) => turns));
    const all = contestants.reduce((sum, { turns = 0 }) => sum + turns, 0);
    let done = 0;
    const onTurn = () => say(`${++done} of ${all} runs`);
    const timed = await measure(contestants, { rounds, warmup: 0, runs: 1, signal, onTurn });
    for (const { label, samples } of timed) results.set(label, { side: label, samples });
    const { id, latency, size, reference } = cell;
    return {
      id,
      job: job.name,
      title: job.title,
      size,
      rows: job.rows(size),
      latency,
      measuredLatency: link.measured,
      ...(cell.way === undefined ? {} : { way: cell.way }),
      ...(cell.sweep === undefined ? {} : { sweep: cell.sweep, step: cell.step ?? 0 }),
      reference,
      sides: [...results.values()],
    };
  } finally {
    await Promise.allSettled(open.map((session) => session.close()));
    await link.close();
    await way.close();
  }
}

/**
 * Returns a side, warmed up, with its number of turns. Returns a string with the reason if the side is left
 * out, and nothing if it takes no part in the job.
 */
async function admit(
  name: string,
  cell: Cell,
  way: OpenWay,
  { referee, say }: Surroundings,
  open: Session[],
): Promise<Contestant | string | undefined> {
  const lacks = await sideNamed(name).lacks?.();
  if (lacks !== undefined) return lacks;
  const session = await openSide(name, { url: way.url, tables, chunk: cell.chunk, ...way.setting });
  open.push(session);
  const job = jobNamed(cell.job);
  if (!job.prepare(session, 1)) return undefined;
  say(`${name}: warming up`);
  const ofSize = (size: number) => onWay(makeContestant(name, job, session, size, referee), way, session);
  const seconds = await warmUp(cell, ofSize);
  if (seconds > cell.patience) return `would take some ${seconds.toFixed(0)} s a run`;
  const turns = Math.max(cell.runs.least, Math.min(cell.runs.most, Math.floor(cell.seconds / seconds)));
  return { ...ofSize(cell.size), turns };
}

function onWay(contestant: Contestant, way: OpenWay, session: Session): Contestant {
  return {
    ...contestant,
    async before() {
      await contestant.before?.();
      await way.before(session);
    },
  };
}

/**
 * Runs the side unmeasured. Returns the seconds of a run, or an estimate if a smaller run shows that it takes
 * long.
 */
async function warmUp(
  { size, patience, seconds: budget, runs }: Cell,
  ofSize: (size: number) => Contestant,
): Promise<number> {
  // The first run connects, prepares, and reads the facts that are read once.
  await turn(ofSize(1), 1);
  for (const part of [20, 4]) {
    const sample = Math.ceil(size / part);
    const took = await seconds(ofSize(sample));
    const estimated = took * (size / sample);
    // The time of a very short run hardly depends on its size, so it can't predict a larger run.
    if (took > patience / 8 && estimated > patience) return estimated;
    // A slow side is warm by then, and will have few runs.
    if (took > 1 && estimated > 4) return estimated;
  }
  // Code that has run only a few times is not compiled yet.
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

/** Up to this size the rows of a run are still in the young heap when the run is over. */
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
      // Made anew for each run: some sides write ids into the objects they are given.
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
