import { UsageError } from './args.ts';
import { WrongRows } from './verify.ts';

/**
 * Runs a program until it ends or is interrupted.
 *
 * @returns the exit code: that of `work`, 2 for invalid arguments, 130 after an interruption, or else 1
 */
export async function runProgram(
  usage: string,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  try {
    return await work(interruption.signal);
  } catch (error) {
    if (interruption.signal.aborted) return 130;
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage.trimEnd()}`);
      return 2;
    }
    console.error(error instanceof WrongRows ? `Wrong rows: ${error.message}` : error);
    return 1;
  }
}
