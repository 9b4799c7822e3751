import { parseArgs } from 'node:util';

/** The file of the waterfall, in the folder in which the demo is run. */
export const htmlFile = 'demo.html';

export const usage = `Usage: npm run demo -- [options]

Writes users with two addresses each in one transaction, ids wired: once by drizzle(client), once by
batchedDrizzle(client), each through a relay that adds latency and counts round trips.

Options:
  --users <number>    how many users, 1 to 100000 (default: 100)
  --latency <ms>      what a round trip takes longer, 0 to 10000 (default: 20)
  --mode <mode>       both, plain or batched (default: both)
  --html              also draws the round trips of each side, in ${htmlFile}
  --picture <file>    also draws those of the first side and of the last, as SVG
  --help              prints this

Uses the PostgreSQL of DATABASE_URL; without it a container, or else the one that npm installed.
`;

export interface DemoOptions {
  readonly users: number;
  readonly latency: number;
  readonly mode: 'both' | 'plain' | 'batched';
  readonly html: boolean;
  readonly picture: string | undefined;
}

/** Parses the command line. Throws a UsageError with one line that describes the mistake. */
export function readArgs(args: readonly string[]): DemoOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    users: wholeNumber('--users', values.users, 1, 100_000),
    latency: wholeNumber('--latency', values.latency, 0, 10_000),
    mode: modeOf(values.mode),
    html: values.html,
    picture: values.picture,
  };
}

export class UsageError extends Error {}

function parse(args: readonly string[]) {
  // For `--latency -1` parseArgs reads the value as an option, and calls it ambiguous.
  const glued = args
    .join('\0')
    .replace(/\0(-\d)/g, '=$1')
    .split('\0');
  try {
    return parseArgs({
      args: args.length > 0 ? glued : [],
      options: {
        users: { type: 'string', default: '100' },
        latency: { type: 'string', default: '20' },
        mode: { type: 'string', default: 'both' },
        html: { type: 'boolean', default: false },
        picture: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    // The other lines of the message explain escaping, which does not apply here.
    throw new UsageError((error as Error).message.split('\n')[0]);
  }
}

function wholeNumber(option: string, given: string, from: number, to: number): number {
  const number = Number(given);
  if (!/^\d+$/.test(given) || number < from || number > to) {
    throw new UsageError(`${option} must be a whole number from ${from} to ${to}, not '${given}'`);
  }
  return number;
}

function modeOf(given: string): DemoOptions['mode'] {
  if (given === 'both' || given === 'plain' || given === 'batched') return given;
  throw new UsageError(`--mode must be both, plain or batched, not '${given}'`);
}
