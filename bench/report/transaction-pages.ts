import { shapeOf } from '../jobs/small.ts';
import { isProgram } from '../program-cells.ts';
import type { CellResult, Results } from '../results.ts';
import { aimHead, aimRows } from './aims.ts';
import type { Chart } from './charts.ts';
import { image, markdownTable, roughly } from './markdown.ts';
import { middleOf } from './middle.ts';
import { bold } from './tables.ts';
import { callersTable, lacksServer, smallTable, type TableText } from './transactions.ts';
import { loadAims, smallAims } from './wanted.ts';

/** The sections about single transactions. Each is empty if its job was not measured. */

/** Whether these pages show the job, and not the list of all jobs. */
export const isTransactional = (job: string) => job === 'small' || job === 'under load' || isProgram(job);

const cellsOf = ({ cells }: Results, job: string) => cells.filter((cell) => cell.job === job);
const tableOf = ({ head, rows }: TableText) => markdownTable(head, rows);

/** For docs/benchmark.md. */
export function smallSummary(results: Results, chart: Chart | undefined): string[] {
  if (cellsOf(results, 'small').length === 0) return [];
  return [
    '## What a small transaction costs',
    'Users and addresses in one transaction: one user, or *users + addresses*. Their ids are given back, and there is ' +
      'no latency. Our inserts are queued, except in the lines about awaited ones. CPU is processor time.',
    markdownTable(aimHead, aimRows(smallAims, results)),
    ...lacksServer(results),
    ...(chart ? [image(chart, '../bench/results/')] : []),
  ];
}

/** For docs/benchmark.md. */
export function loadSummary(results: Results): string[] {
  const cells = cellsOf(results, 'under load');
  if (cells.length === 0) return [];
  return [
    '## Under load',
    '32 callers share a pool of 10 connections. Each repeats one transaction: an awaited select, then a user with three addresses.',
    tableOf(callersTable(cells, results.counts, bold)),
    markdownTable(aimHead, aimRows(loadAims, results)),
  ];
}

/** For bench/README.md. */
export function smallDetails(results: Results): string[] {
  const cells = cellsOf(results, 'small');
  const measured = cells.filter(({ sides }) => sides.some(({ clientCpu }) => clientCpu !== undefined));
  if (cells.length === 0) return [];
  return [
    '## Small transactions',
    'Medians of a transaction; *of loop* and *of multi-row* are shares of what plain drizzle takes. Below 1 is less.',
    ...lacksServer(results),
    ...measured.flatMap((cell) => [`### ${cell.id}: ${shapeOf(cell.size)}`, tableOf(smallTable(cell, bold))]),
    '### By latency',
    latencyTable(cells),
  ];
}

function latencyTable(cells: readonly CellResult[]): string {
  const sizes = [...new Set(cells.map(({ size }) => size))].sort((a, b) => a - b);
  const latencies = [...new Set(cells.map(({ latency }) => latency))].sort((a, b) => a - b);
  const rows = latencies.flatMap((latency) => {
    const steps = cells.filter((cell) => cell.latency === latency);
    const names = [...new Set(steps.flatMap(({ sides }) => sides.map(({ side }) => side)))];
    return names.map((name) => [
      `${latency} ms: ${bold(name)}`,
      ...sizes.map((size) => {
        const ms = middleOf(
          steps.find((step) => step.size === size),
          name,
        );
        return ms === undefined ? '–' : roughly(ms);
      }),
    ]);
  });
  return markdownTable(['ms a transaction', ...sizes.map(shapeOf)], rows);
}

/** For bench/README.md. */
export function loadDetails(results: Results): string[] {
  const cells = cellsOf(results, 'under load');
  if (cells.length === 0) return [];
  const trips = cells.flatMap(({ latency, measuredLatency }) =>
    latency === 0 ? [] : [`At ${latency} ms a bare round trip took ${measuredLatency.toFixed(1)} ms.`],
  );
  return ['## Callers under load', ...trips, tableOf(callersTable(cells, results.counts, bold))];
}
