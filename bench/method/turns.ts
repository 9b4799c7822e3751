import { Bench } from 'tinybench';

/** One of those whose times are compared. */
export interface Contestant {
  readonly label: string;
  /** What is timed; awaited where it `waits`. */
  run(): unknown;
  readonly waits: boolean;
  /** Runs before each `run`, and is not timed. */
  before?(): Promise<void> | void;
  /** Runs after each `run`, and is not timed; what it throws ends the benchmark. */
  after?(): Promise<void> | void;
  /** Turns that it gets, where that is not every one. */
  readonly turns?: number;
}

export interface Measurement {
  readonly label: string;
  /** Milliseconds of each run, rising. */
  readonly samples: readonly number[];
}

export interface Rounds {
  readonly rounds: number;
  /** Rounds before them that warm up and are not counted. */
  readonly warmup: number;
  /** Runs of a turn. */
  readonly runs: number;
  readonly signal: AbortSignal;
  /** Called behind each turn. */
  onTurn?(): void;
}

/**
 * Times the contestants in turns, there and back again, so that what slows the machine for a while slows them
 * all. Rejects soon after the signal has aborted.
 */
export async function measure(
  contestants: readonly Contestant[],
  { rounds, warmup, runs, signal, onTurn }: Rounds,
): Promise<Measurement[]> {
  const samples = new Map<Contestant, number[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = -warmup; round < rounds; round++) {
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      signal.throwIfAborted();
      if (round >= 0 && !hasTurn(contestant, round, rounds)) continue;
      const timed = await turn(contestant, runs);
      if (round >= 0) samples.get(contestant)?.push(...timed);
      onTurn?.();
    }
  }
  return [...samples].map(([{ label }, own]) => ({ label, samples: own.sort((a, b) => a - b) }));
}

/** Who has fewer turns than there are rounds has them spread over all of them. */
function hasTurn({ turns }: Contestant, round: number, rounds: number): boolean {
  if (turns === undefined || turns >= rounds) return true;
  return Math.floor((round * turns) / rounds) !== Math.floor(((round - 1) * turns) / rounds);
}

/** Runs once or more, and gives the milliseconds of each run. */
export async function turn(
  { label, run, waits, before, after }: Contestant,
  runs: number,
): Promise<readonly number[]> {
  const bench = new Bench({ iterations: runs, time: 0, warmup: false, retainSamples: true, throws: true });
  // Told, since tinybench would find out whether to wait by one more run.
  bench.add(label, run, { async: waits, beforeEach: before, afterEach: after });
  const [task] = await bench.run();
  if (task?.result.state !== 'completed') throw new Error(`${label}: ended as ${task?.result.state}`);
  return task.result.latency.samples ?? [];
}
