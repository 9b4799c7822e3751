import type { LoadArguments } from './arguments.ts';
import { BadLineError } from './bad-line-error.ts';
import { CommandError } from './command-error.ts';
import { count, countRows } from './progress.ts';

/** The result for the rows of a source; `--json` prints it. */
export interface Outcome {
  readonly table: string;
  readonly files: readonly string[];
  readonly dryRun: boolean;
  /** Rows that were written, or with `--dry-run` would be. */
  readonly rows: number;
  /** Rows that `--on-conflict nothing` left out. */
  readonly skipped: number;
  /** Bad rows that were left out. */
  readonly rejected: number;
  readonly ms: number;
  /** With `--embedded`: the number of rows in the table after the load. */
  readonly inTable?: number;
  /** With `--dry-run`: how each column goes. */
  readonly columns?: Readonly<Record<string, string>>;
  /** With `--dry-run`: the server has checked the rows. */
  readonly isChecked?: boolean;
}

export function describeOutcome(outcome: Outcome, { rejects }: Pick<LoadArguments, 'rejects'>): string {
  const { table, dryRun, rows, skipped, rejected, ms, inTable } = outcome;
  const seconds = (ms / 1_000).toFixed(1);
  const rate = count(Math.round((rows * 1_000) / Math.max(ms, 1)));
  return [
    dryRun ? describeDryRun(outcome) : `${countRows(rows)} into ${table} in ${seconds} s, ${rate} rows/s`,
    ...(skipped > 0 ? [`${countRows(skipped)} skipped, which conflict with rows that are there`] : []),
    ...(rejected > 0
      ? [`${countRows(rejected)} rejected${rejects === undefined ? '' : `, see ${rejects}`}`]
      : []),
    ...(inTable === undefined
      ? []
      : [`select count(*) from ${table}: ${count(inTable)}; the server is gone now`]),
  ].join('\n');
}

function describeDryRun({ files, rows, table, columns = {}, isChecked }: Outcome): string {
  const ways = Object.entries(columns).map(([key, way]) => `  ${key}: ${way}`);
  const checked = isChecked
    ? 'checked by the server'
    : 'their values are not checked: that takes a database (--url)';
  const first = `${files.join(', ')}: ${countRows(rows)} for ${table}, ${checked}; nothing is written (--dry-run)`;
  return [first, ...ways].join('\n');
}

/** The JSON that `--json` prints for a failure. */
export function failureAsJson(error: unknown): object {
  const place = error instanceof BadLineError ? error.badLine : {};
  const committed = error instanceof CommandError ? error.committed : 0;
  return { error: { message: (error as Error).message, ...place, committed } };
}
