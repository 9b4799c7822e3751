import { parseArgs } from 'node:util';
import { UsageError } from './demo/args.ts';
import { jobNames } from './jobs/index.ts';
import { programJobs } from './jobs/programs.ts';
import { sides } from './sides/index.ts';

export const usage = `Usage: npm run bench -- [options]

Times inserting through this library beside everything else that one would pick, and programs of mixed statements.
Checks what was written, and counts round trips and statements. Without options: everything, some 65 minutes; the
results go to bench/results/full.json, from which \`npm run bench:report\` draws the charts and writes the tables of
the documents.

Options:
  --quick            few sizes and runs: under two minutes
  --job <name>       ${jobNames.join(', ')}, call cost, memory,
                     programs (${programJobs.map(({ name }) => name).join(', ')}); may be given several times
  --side <name>      a side, or the beginning of the names of several; may be given several times
  --rows <number>    users of a graph, transactions under load, rows of every other job; may be given several times
  --latency <ms>     what a round trip takes longer, 0 to 1000, as 5 or 0.2; may be given several times
  --json <file>      writes the results there
  --renew            measures the counts again, and the cells of each --job, and puts them into bench/results/full.json
  --check <file>     fails where a count is worse than in that file, or one of our ratios has fallen by half, twice
  --repeat <number>  the cells of --quick so often, in a process each time, to see how far a ratio of ours varies
  --help             prints this

The sides: ${sides.map(({ name }) => name).join('; ')}.

Uses the PostgreSQL of DATABASE_URL; without it a container, or else the one that npm installed.
`;

export interface BenchOptions {
  readonly quick: boolean;
  readonly jobs: readonly string[];
  readonly sides: readonly string[];
  readonly rows: readonly number[];
  readonly latencies: readonly number[];
  readonly renew: boolean;
  readonly json: string | undefined;
  readonly check: string | undefined;
  readonly repeat: number;
}

/** Parses the command line. Throws a UsageError with one line that describes the mistake. */
export function readArgs(args: readonly string[]): BenchOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    quick: values.quick,
    jobs: values.job.flatMap(jobsOf),
    sides: values.side.flatMap(sidesOf),
    rows: values.rows.map((given) => wholeNumber('--rows', given, 1, 1_000_000)),
    latencies: values.latency.map(latencyOf),
    renew: values.renew,
    json: values.json,
    check: values.check,
    repeat: values.repeat === undefined ? 0 : wholeNumber('--repeat', values.repeat, 1, 100),
  };
}

function parse(args: readonly string[]) {
  const list = { type: 'string', multiple: true, default: [] as string[] } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        job: list,
        side: list,
        rows: list,
        latency: list,
        renew: { type: 'boolean', default: false },
        json: { type: 'string' },
        check: { type: 'string' },
        repeat: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]);
  }
}

function jobsOf(given: string): string[] {
  const allowed = [...jobNames, 'programs', 'call cost', 'memory'];
  // Hyphens may replace the spaces, so that the shell needs no quotes.
  const job = given.replaceAll('-', ' ');
  if (job === 'programs') return programJobs.map(({ name }) => name);
  const known = allowed.find((name) => name === job || name === given);
  if (known !== undefined) return [known];
  throw new UsageError(`--job must be one of ${allowed.join(', ')}, not '${given}'`);
}

function sidesOf(given: string): string[] {
  const found = sides.map(({ name }) => name).filter((name) => name.startsWith(given));
  if (found.length > 0) return found;
  throw new UsageError(`--side: no side is called '${given}', nor begins so`);
}

function latencyOf(given: string): number {
  const ms = Number(given);
  if (/^\d+(\.\d)?$/.test(given) && ms <= 1_000) return ms;
  throw new UsageError(`--latency must be a number from 0 to 1000, with one decimal at most, not '${given}'`);
}

function wholeNumber(option: string, given: string, from: number, to: number): number {
  const number = Number(given);
  if (/^\d+$/.test(given) && number >= from && number <= to) return number;
  throw new UsageError(`${option} must be a whole number from ${from} to ${to}, not '${given}'`);
}
