import type { Cell } from '../cell.ts';
import { jobNamed, tables } from '../jobs/index.ts';
import { openSide, sideNamed } from '../sides/index.ts';
import type { Session } from '../sides/side.ts';
import { makeContestant } from './contestant.ts';
import { withCpu } from './cpu.ts';
import type { Referee } from './database.ts';
import type { Entry, Tally } from './side-processes.ts';
import { type Contestant, turn } from './turns.ts';
import { openCold } from './way.ts';

/** A side that takes part in a cell. */
export interface Taking {
  readonly turns: number;
  /** Fills as it runs. */
  readonly tally: Tally;
  /** One run. @returns its milliseconds */
  run(): Promise<number>;
  close(): Promise<unknown>;
}

/**
 * Connects a side, warms it up, and finds out how many turns it has. Returns a string with the reason if the side is left
 * out, and nothing if it takes no part in the job.
 */
export async function enterCell(
  side: string,
  { cell, setting }: Entry,
  referee: Referee,
): Promise<Taking | string | undefined> {
  const lacks = await sideNamed(side).lacks?.();
  if (lacks !== undefined) return lacks;
  const session = await openSide(side, { tables, chunk: cell.chunk, ...setting });
  const close = () => session.close();
  let isEntered = false;
  try {
    const entered = await warmedUp(side, cell, session, referee);
    isEntered = typeof entered === 'object';
    return typeof entered === 'object' ? { ...entered, close } : entered;
  } finally {
    if (!isEntered) await close();
  }
}

async function warmedUp(
  side: string,
  cell: Cell,
  session: Session,
  referee: Referee,
): Promise<Omit<Taking, 'close'> | string | undefined> {
  const job = jobNamed(cell.job);
  if (!job.prepare(session, 1)) return undefined;
  const calls: number[] = [];
  const { transactions, callers } = cell;
  const watched = { transactions, callers, onCalls: (ms: readonly number[]) => calls.push(...ms) };
  const ofSize = (size: number) =>
    onWay(cell, makeContestant(side, job, session, size, referee, watched), session, referee);
  const seconds = await warmUp(cell, ofSize);
  if (seconds > cell.patience) return `would take some ${seconds.toFixed(0)} s a run`;
  await heatUp(cell, () => job.prepare(session, cell.size, { transactions, callers })?.());
  const turns = Math.max(cell.runs.least, Math.min(cell.runs.most, Math.floor(cell.seconds / seconds)));
  const cpu = { client: [], server: [] };
  const measured = cell.hasCpu ? withCpu(ofSize(cell.size), referee.sql, cpu) : ofSize(cell.size);
  // Only the calls of measured runs count.
  calls.length = 0;
  const run = async () => (await turn(measured, 1))[0] ?? 0;
  return { turns, run, tally: { clientCpu: cpu.client, serverCpu: cpu.server, calls } };
}

function onWay({ way }: Cell, contestant: Contestant, session: Session, { sql }: Referee): Contestant {
  if (way !== 'cold') return contestant;
  return {
    ...contestant,
    async before() {
      await contestant.before?.();
      await openCold(session, sql);
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

/**
 * It takes thousands of small transactions until their code is compiled. What these write is not checked: emptying and
 * checking the tables takes longer than the transactions themselves.
 */
async function heatUp({ heat = 0 }: Cell, run: () => unknown): Promise<void> {
  const end = performance.now() + heat * 1_000;
  while (performance.now() < end) await run();
}

async function seconds(contestant: Contestant): Promise<number> {
  const [ms = 0] = await turn(contestant, 1);
  return ms / 1_000;
}
