/** The command `trace`. */
import { writeFileSync } from 'node:fs';
import { exitCodes } from '../exit-codes.ts';
import type { TraceArguments } from './arguments.ts';
import { describeExcess } from './budget.ts';
import { drawPage } from './page/page.ts';
import { describeSummary } from './report.ts';
import { runProgram } from './run-program.ts';
import { summarize } from './summary.ts';

/** @returns the exit code */
export async function runTrace({ command, json, html, skip, budget }: TraceArguments): Promise<number> {
  const { exitCode, trace, error } = await runProgram({ command, skip });
  if (error) {
    process.stderr.write(`batched-drizzle-cli: ${command[0]} can't be started: ${error.message}\n`);
    return exitCode;
  }
  const summary = summarize(trace);
  process.stderr.write(`\n${describeSummary(summary)}`);
  if (json !== undefined) writeJson(json, `${JSON.stringify(summary)}\n`);
  if (html !== undefined) writeFileSync(html, drawPage([{ title: command.join(' '), trace }]));
  const excess = budget && describeExcess(summary, budget);
  if (excess !== undefined) process.stderr.write(`\nbatched-drizzle-cli: ${excess}`);
  return exitCode === exitCodes.done && excess !== undefined ? exitCodes.failed : exitCode;
}

/** @param file `true` is stdout, behind what the program printed there */
function writeJson(file: string | true, text: string): void {
  if (file === true) process.stdout.write(text);
  else writeFileSync(file, text);
}
