import { isProgram } from '../program-cells.ts';
import type { CellResult, Results } from '../results.ts';
import { aimHead, aimRows } from './aims.ts';
import { markdownTable } from './markdown.ts';
import { programAims } from './program-aims.ts';
import { bold } from './tables.ts';
import { callersTable } from './transactions.ts';

/** The sections about programs of mixed statements. Each is empty if none was measured. */

const programsOf = ({ cells }: Results) => cells.filter(({ job }) => isProgram(job));

function tableOf(cells: readonly CellResult[], { counts }: Results): string {
  const { head, rows } = callersTable(cells, counts, bold);
  return markdownTable(head, rows);
}

/** For docs/benchmark.md: one caller, on the same machine and at a millisecond. */
export function programSummary(results: Results): string[] {
  const cells = programsOf(results).filter(
    ({ callers, latency }) => callers === 1 && (latency === 0 || latency === 1),
  );
  if (cells.length === 0) return [];
  return [
    '## Programs of mixed statements',
    "pgbench's transaction (TPC-B), TPC-C's new-order and payment in a simplified form, and a page of eight selects and an " +
      'update outside of any transaction. One caller awaits each statement before the next. A *transaction* of the page is ' +
      'one showing of it.',
    tableOf(cells, results),
    markdownTable(aimHead, aimRows(programAims, results)),
  ];
}

/** For bench/README.md: every number of callers and every latency. */
export function programDetails(results: Results): string[] {
  const cells = programsOf(results);
  if (cells.length === 0) return [];
  const jobs = [...new Map(cells.map(({ job, title }) => [job, title])).entries()];
  return [
    '## Programs of mixed statements',
    'Each statement is awaited before the next. All callers share a pool of 10 connections.',
    ...jobs.flatMap(([job, title]) => [
      `### ${job}: ${title}`,
      tableOf(
        cells.filter((cell) => cell.job === job),
        results,
      ),
    ]),
  ];
}
