import type { Cell } from '../cell.ts';
import { jobNamed, tables } from '../jobs/index.ts';
import { quantile } from '../quantile.ts';
import type { CellResult, SideResult } from '../results.ts';
import { openSide, sideNamed } from '../sides/index.ts';
import type { Session } from '../sides/side.ts';
import { makeContestant } from './contestant.ts';
import { type CpuSamples, withCpu } from './cpu.ts';
import type { Referee } from './database.ts';
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
  await job.expect(referee, cell.size, cell.transactions);
  const way = await openWay(cell.way, url, referee.sql);
  const link = await openLink(way.url, cell.latency);
  const open: Session[] = [];
  try {
    const results = new Map<string, SideResult>();
    const contestants: Admitted[] = [];
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
    for (const [n, { label, samples }] of timed.entries()) {
      results.set(label, sideResult(cell, label, samples, contestants[n]));
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
      ...(cell.way === undefined ? {} : { way: cell.way }),
      ...(cell.transactions === undefined ? {} : { transactions: cell.transactions }),
      ...(cell.callers === undefined ? {} : { callers: cell.callers }),
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

/** A side that is measured, and what its runs add besides their times. */
interface Admitted extends Contestant {
  readonly cpu: CpuSamples;
  readonly calls: readonly number[];
}

function sideResult(
  { hasCpu, transactions = 1 }: Cell,
  side: string,
  samples: readonly number[],
  admitted: Admitted | undefined,
): SideResult {
  const each = (all: readonly number[] = []) => sorted(all).map((ms) => ms / transactions);
  const { cpu, calls = [] } = admitted ?? {};
  const times = sorted(calls);
  return {
    side,
    samples: each(samples),
    ...(hasCpu && cpu ? { clientCpu: each(cpu.client) } : {}),
    ...(cpu && cpu.server.length > 0 ? { serverCpu: each(cpu.server) } : {}),
    ...(times.length > 0
      ? { calls: { count: times.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99) } }
      : {}),
  };
}

const sorted = (all: readonly number[]) => [...all].sort((a, b) => a - b);

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
): Promise<Admitted | string | undefined> {
  const lacks = await sideNamed(name).lacks?.();
  if (lacks !== undefined) return lacks;
  const session = await openSide(name, { url: way.url, tables, chunk: cell.chunk, ...way.setting });
  open.push(session);
  const job = jobNamed(cell.job);
  if (!job.prepare(session, 1)) return undefined;
  say(`${name}: warming up`);
  const calls: number[] = [];
  const { transactions, callers } = cell;
  const watched = { transactions, callers, onCalls: (ms: readonly number[]) => calls.push(...ms) };
  const ofSize = (size: number) =>
    onWay(makeContestant(name, job, session, size, referee, watched), way, session);
  const seconds = await warmUp(cell, ofSize);
  if (seconds > cell.patience) return `would take some ${seconds.toFixed(0)} s a run`;
  await heatUp(cell, () => job.prepare(session, cell.size, { transactions, callers })?.());
  const turns = Math.max(cell.runs.least, Math.min(cell.runs.most, Math.floor(cell.seconds / seconds)));
  const cpu: CpuSamples = { client: [], server: [] };
  const measured = cell.hasCpu ? withCpu(ofSize(cell.size), referee.sql, cpu) : ofSize(cell.size);
  // Only the calls of measured runs count.
  calls.length = 0;
  return { ...measured, turns, cpu, calls };
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
