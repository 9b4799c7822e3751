import { Bench } from 'tinybench';

/** One way of doing what the others of a comparison do too. */
export interface Side {
  readonly label: string;
  /** What is timed; awaited where it `waits`. */
  run(): unknown;
  readonly waits: boolean;
  /** Runs before each `run`, and is not timed. */
  before?(): Promise<void> | void;
  /** Runs after each `run`, and is not timed; what it throws ends the benchmark. */
  after?(): Promise<void> | void;
}

export interface Measurement {
  readonly label: string;
  /** Milliseconds of each run, rising. */
  readonly samples: readonly number[];
}

export interface Rounds {
  /** How often each side has its turn; the first tenth warms up and is not counted. */
  readonly rounds: number;
  /** Runs of a turn. */
  readonly runs: number;
  readonly signal: AbortSignal;
}

/**
 * Times the sides in turns, there and back again, so that what slows the machine for a while slows them all.
 * Rejects soon after the signal has aborted.
 */
export async function measure(
  sides: readonly Side[],
  { rounds, runs, signal }: Rounds,
): Promise<Measurement[]> {
  const samples = new Map<Side, number[]>(sides.map((side) => [side, []]));
  const warmup = Math.ceil(rounds / 10);
  for (let round = 0; round < warmup + rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      signal.throwIfAborted();
      const timed = await turn(side, runs);
      if (round >= warmup) samples.get(side)?.push(...timed);
    }
  }
  return [...samples].map(([{ label }, own]) => ({ label, samples: own.sort((a, b) => a - b) }));
}

async function turn({ label, run, waits, before, after }: Side, runs: number): Promise<readonly number[]> {
  const bench = new Bench({ iterations: runs, time: 0, warmup: false, retainSamples: true, throws: true });
  // Told, since tinybench would find out whether to wait by one more run.
  bench.add(label, run, { async: waits, beforeEach: before, afterEach: after });
  const [task] = await bench.run();
  if (task?.result.state !== 'completed') throw new Error(`${label}: ended as ${task?.result.state}`);
  return task.result.latency.samples ?? [];
}
