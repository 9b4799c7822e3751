import { Bench } from 'tinybench';

/** One of the candidates whose times are compared. */
export interface Contestant {
  readonly label: string;
  /** The timed function. It is awaited if `waits`. */
  run(): unknown;
  readonly waits: boolean;
  /** Runs before each `run`, untimed. */
  before?(): Promise<void> | void;
  /** Runs after each `run`, untimed. If it throws, the benchmark ends. */
  after?(): Promise<void> | void;
}

/** One that is measured. */
interface Measured {
  readonly label: string;
  /** The number of turns, if not one in every round. */
  readonly turns?: number;
}

export interface Measurement {
  readonly label: string;
  /** Milliseconds of each run, ascending. */
  readonly samples: readonly number[];
}

export interface Rounds {
  readonly rounds: number;
  /** Warm-up rounds before the measured ones. */
  readonly warmup: number;
  readonly signal: AbortSignal;
  /** Called after each turn. */
  onTurn?(): void;
}

/**
 * Times the contestants in turns, forwards and backwards by turns, so that a slow moment of the machine
 * affects all of them. Rejects soon after the signal has aborted.
 *
 * @param take one turn: the milliseconds of each of its runs
 */
export async function measure<C extends Measured>(
  contestants: readonly C[],
  take: (contestant: C) => Promise<readonly number[]>,
  { rounds, warmup, signal, onTurn }: Rounds,
): Promise<Measurement[]> {
  const samples = new Map<C, number[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = -warmup; round < rounds; round++) {
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      signal.throwIfAborted();
      if (round >= 0 && !hasTurn(contestant, round, rounds)) continue;
      const timed = await take(contestant);
      if (round >= 0) samples.get(contestant)?.push(...timed);
      onTurn?.();
    }
  }
  return [...samples].map(([{ label }, own]) => ({ label, samples: own.sort((a, b) => a - b) }));
}

/** Spreads the turns over all rounds if the contestant has fewer turns than there are rounds. */
function hasTurn({ turns }: Measured, round: number, rounds: number): boolean {
  if (turns === undefined || turns >= rounds) return true;
  return Math.floor((round * turns) / rounds) !== Math.floor(((round - 1) * turns) / rounds);
}

/** Runs once or more. Returns the milliseconds of each run. */
export async function turn(
  { label, run, waits, before, after }: Contestant,
  runs: number,
): Promise<readonly number[]> {
  const bench = new Bench({ iterations: runs, time: 0, warmup: false, retainSamples: true, throws: true });
  // Without `async` tinybench would find out by one more run whether to wait.
  bench.add(label, run, { async: waits, beforeEach: before, afterEach: after });
  const [task] = await bench.run();
  if (task?.result.state !== 'completed') throw new Error(`${label}: ended as ${task?.result.state}`);
  return task.result.latency.samples ?? [];
}

/** For what takes little time. */
export const fiveRuns = (contestant: Contestant): Promise<readonly number[]> => turn(contestant, 5);
