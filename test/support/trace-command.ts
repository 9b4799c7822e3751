import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LineSummary, Summary } from '../../cli/src/trace/summary.ts';
import { useBuiltCommand } from './built-command.ts';
import { type Ended, untilEnd } from './run-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const programs = 'test/support/traced';

export interface TraceOptions {
  readonly url: string;
  /** Options of `trace`, and then those of Node. */
  readonly options?: readonly string[];
  readonly node?: readonly string[];
  readonly args?: readonly string[];
}

export interface Traced extends Ended {
  readonly summary: Summary;
}

export interface TraceCommand {
  /** Starts `trace` with these arguments. */
  start(args: readonly string[], url: string): ChildProcess;
  /** Runs a program of `test/support/traced/` to its end, and reads the report. */
  run(program: string, options: TraceOptions): Promise<Traced>;
  /** The same for any command. */
  runAny(command: readonly string[], options: TraceOptions): Promise<Traced>;
}

/** Called at the top of a test file. */
export function useTraceCommand(): TraceCommand {
  const command = useBuiltCommand();
  const start = (args: readonly string[], url: string) =>
    spawn(process.execPath, [command.main, 'trace', ...args], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: url },
      stdio: 'pipe',
    });
  const runAny = async (command: readonly string[], { url, options = [] }: TraceOptions) => {
    const folder = mkdtempSync(join(tmpdir(), 'batched-drizzle-trace-test-'));
    try {
      const file = join(folder, 'report.json');
      const ended = await untilEnd(start(['--json', file, ...options, '--', ...command], url));
      return { ...ended, summary: JSON.parse(readFileSync(file, 'utf8')) as Summary };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  return {
    start,
    runAny,
    run(program, options) {
      const { node = [], args = [] } = options;
      return runAny([process.execPath, ...node, `${programs}/${program}`, ...args], options);
    },
  };
}

/** The place of the line of a program that ends with this comment. */
export function placeIn(program: string, mark: string): string {
  const lines = readFileSync(join(root, programs, program), 'utf8').split('\n');
  return `${programs}/${program}:${lines.findIndex((line) => line.trim() === `// ${mark}:`) + 2}`;
}

/** The trips and statements of each line of a report, in the order of the places. */
export function linesOf({ groups }: Summary): Record<string, [trips: number, statements: number]> {
  const lines = groups.flatMap((group) => group.lines);
  return Object.fromEntries(lines.map(({ place, trips, statements }) => [place, [trips, statements]]));
}

/** The line of a report with this place. */
export function lineAt({ groups }: Summary, place: string): LineSummary | undefined {
  return groups.flatMap(({ lines }) => lines).find((line) => line.place === place);
}
