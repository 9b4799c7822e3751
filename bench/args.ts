import { parseArgs } from 'node:util';
import { UsageError } from './demo/args.ts';

export const usage = `Usage: npm run bench -- [options]

Times what queueing an insert costs, what planning and writing 1,000 rows costs, and what flushing 1,000 rows
costs, each beside what drizzle itself takes for the same.

Options:
  --quick   fewer rounds: seconds instead of a minute, and rougher numbers
  --help    prints this

Uses the PostgreSQL of DATABASE_URL; without it a container, or else the one that npm installed.
`;

export interface BenchOptions {
  readonly quick: boolean;
}

/** What the command line asks for; throws a UsageError with one line that says what is wrong with it. */
export function readArgs(args: readonly string[]): BenchOptions | 'help' {
  const values = parse(args);
  return values.help ? 'help' : { quick: values.quick };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n')[0]);
  }
}
