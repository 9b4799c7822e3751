import { type LoadArguments, readArguments } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { describeOutcome, failureAsJson } from './outcome.ts';
import { countRows } from './progress.ts';

/** Runs the command with its arguments and returns its exit code. It never rejects. */
export async function run(argv: readonly string[]): Promise<number> {
  // If the reader of the output closes it, the command continues without output. The exit code still reports
  // the result.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  try {
    const given = readArguments(argv);
    if (!given) return exitCodes.done;
    if (given.name === 'load') return await runLoad(given.args);
    // A command loads what it needs, and not what the other one does.
    const { runTrace } = await import('./trace/run-trace.ts');
    return await runTrace(given.args);
  } catch (error) {
    process.stderr.write(describeFailure(error));
    return error instanceof CommandError ? error.exitCode : exitCodes.failed;
  } finally {
    // Otherwise a pipe that stays open would keep the process running.
    process.stdin.destroy();
  }
}

async function runLoad(args: LoadArguments): Promise<ExitCode> {
  const { signal, forget } = abortOnSignals();
  const { stdin, stdout, stderr } = process;
  try {
    const { loadFiles } = await import('./load-files.ts');
    const outcome = await loadFiles(args, { stdin, stderr, signal });
    stdout.write(`${args.json ? JSON.stringify(outcome) : describeOutcome(outcome, args)}\n`);
    return outcome.rejected > 0 ? exitCodes.rejected : exitCodes.done;
  } catch (error) {
    if (args.json) stdout.write(`${JSON.stringify(failureAsJson(error))}\n`);
    throw error;
  } finally {
    forget();
  }
}

function describeFailure(error: unknown): string {
  if (!(error instanceof CommandError)) return `batched-drizzle-cli: ${(error as Error).stack ?? error}\n`;
  if (error.message === '') return '';
  const { exitCode, committed, message, isUnknown } = error;
  const none = isUnknown ? 'it is not known whether the rows are written' : 'nothing is written';
  const fate = committed > 0 ? `committed before: ${countRows(committed)}` : none;
  return `batched-drizzle-cli: ${message}${exitCode === exitCodes.usage ? '' : `; ${fate}`}\n`;
}

/** The first signal rolls back. A second one ends the process. */
function abortOnSignals(): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  const codes = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const;
  const listeners = Object.entries(codes).map(([name, code]) => {
    const listener = () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(new CommandError(`interrupted by ${name}`, code));
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  const forget = () => {
    for (const off of listeners) off();
  };
  return { signal: controller.signal, forget };
}
