import type { Cell } from '../cell.ts';
import { jobNamed } from '../jobs/index.ts';
import { quantile } from '../quantile.ts';
import type { CellResult, SideResult } from '../results.ts';
import type { Referee } from './database.ts';
import { openLink } from './latency.ts';
import type { SideProcesses, Tally } from './side-processes.ts';
import { measure } from './turns.ts';
import { openWay } from './way.ts';

export interface Surroundings {
  readonly url: string;
  readonly referee: Referee;
  readonly processes: SideProcesses;
  readonly signal: AbortSignal;
  /** Displays the current step. */
  say(doing: string): void;
}

/** Times all sides of a cell, interleaved. The rows are checked after each run. */
export async function runCell(cell: Cell, surroundings: Surroundings): Promise<CellResult> {
  const { url, referee, processes, signal, say } = surroundings;
  const job = jobNamed(cell.job);
  await job.expect(referee, cell.size, cell.transactions);
  const way = await openWay(cell.way, url);
  const link = await openLink(way.url, cell.latency);
  const entered = new Set<string>();
  try {
    const results = new Map<string, SideResult>();
    const contestants: { label: string; turns: number }[] = [];
    for (const label of cell.sides) {
      signal.throwIfAborted();
      say(`${label}: warming up`);
      const admission = await processes.enter(label, { cell, setting: { ...way.setting, url: link.url } });
      if (admission === 'takes no part') continue;
      const skipped = 'skipped' in admission ? admission : {};
      results.set(label, { side: label, samples: [], ...skipped });
      if (!('turns' in admission)) continue;
      contestants.push({ label, ...admission });
      entered.add(label);
    }
    const rounds = Math.max(0, ...contestants.map(({ turns }) => turns));
    const all = contestants.reduce((sum, { turns }) => sum + turns, 0);
    let done = 0;
    const onTurn = () => say(`${++done} of ${all} runs`);
    const run = async ({ label }: { label: string }) => [await processes.run(label)];
    const timed = await measure(contestants, run, { rounds, warmup: 0, signal, onTurn });
    for (const { label, samples } of timed) {
      entered.delete(label);
      results.set(label, sideResult(cell, label, samples, await processes.leave(label)));
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
    // After an error their connections are still open, and the link would cut them.
    await Promise.allSettled([...entered].map((label) => processes.leave(label)));
    await link.close();
    await way.close();
  }
}

function sideResult(
  { hasCpu, transactions = 1 }: Cell,
  side: string,
  samples: readonly number[],
  { clientCpu, serverCpu, calls }: Tally,
): SideResult {
  const each = (all: readonly number[]) => sorted(all).map((ms) => ms / transactions);
  const times = sorted(calls);
  return {
    side,
    samples: each(samples),
    ...(hasCpu ? { clientCpu: each(clientCpu) } : {}),
    ...(serverCpu.length > 0 ? { serverCpu: each(serverCpu) } : {}),
    ...(times.length > 0
      ? { calls: { count: times.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99) } }
      : {}),
  };
}

const sorted = (all: readonly number[]) => [...all].sort((a, b) => a - b);
