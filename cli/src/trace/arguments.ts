import { Command, Option } from 'commander';
import { type Budget, parseBudget } from './budget.ts';

/** The arguments and options of `trace`. */
export interface TraceArguments {
  readonly command: readonly [string, ...string[]];
  /** A path; `true` is stdout. */
  readonly json: string | true | undefined;
  /** The path of the waterfall. */
  readonly html: string | undefined;
  readonly skip: readonly string[];
  readonly budget: Budget | undefined;
}

/** @param onCalled is called when the command line is valid */
export function traceCommand(onCalled: (args: TraceArguments) => void): Command {
  return new Command('trace')
    .description('Run a program, and report its round trips to PostgreSQL.')
    .argument('<command...>', 'the program and its arguments, best behind --')
    .addOption(new Option('--json [file]', 'write the report as JSON, too; to stdout if no file is given'))
    .option('--html <file>', 'draw the round trips as a waterfall, in one file of HTML')
    .option('--skip <path...>', 'paths with this part are no place in the program')
    .option('--budget <trips=N>', 'fail if the program takes more round trips than this', parseBudget)
    .passThroughOptions()
    .exitOverride()
    .addHelpText('after', help)
    .action((command: TraceArguments['command'], options: Partial<TraceArguments>) => {
      const { json, html, skip = [], budget } = options;
      onCalled({ command, json, html, skip, budget });
    });
}

const help = `
The report goes to stderr. The exit code is that of the program; 128 and the signal's number if a signal
ended it; 127 if it can't be started; 2 if the call is wrong; 1 if the program took more trips than its
budget.`;
