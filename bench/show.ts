import Table from 'cli-table3';
import { median } from './median.ts';
import { ratioOf } from './ratio.ts';
import { aimHead, aimRows } from './report/aims.ts';
import { programAims } from './report/program-aims.ts';
import { callersTable, lacksServer, smallTable, type TableText } from './report/transactions.ts';
import { loadAims, smallAims } from './report/wanted.ts';
import type { CallResult, CellResult, MemoryResult, Results } from './results.ts';

const plainStyle = { head: [], border: [] };

export function showCell(cell: CellResult): string {
  const { id, title, rows, latency, measuredLatency, reference, sides } = cell;
  const head = `${id}: ${title}; ${rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`}`;
  const trip = latency === 0 ? '' : `, ${measuredLatency.toFixed(1)} ms a bare round trip`;
  if (cell.job === 'small' && latency === 0) return `\n${head}\n${shown(smallTable(cell))}`;
  if (cell.callers !== undefined) return `\n${title}${trip}\n${shown(callersTable([cell], []))}`;
  const table = new Table({
    head: ['', 'median ms', 'min', 'max', 'runs', 'rows/s', `times ${reference}`],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: plainStyle,
  });
  for (const side of sides) {
    const { samples, skipped } = side;
    if (skipped !== undefined) {
      table.push([side.side, { content: `skipped: ${skipped}`, colSpan: 6 }]);
      continue;
    }
    const middle = median(samples);
    table.push([
      side.side,
      middle.toFixed(1),
      (samples[0] ?? Number.NaN).toFixed(1),
      (samples.at(-1) ?? Number.NaN).toFixed(1),
      samples.length,
      Math.round((rows / middle) * 1_000).toLocaleString('en'),
      ratioOf({ reference, sides }, side.side)?.toFixed(2) ?? '',
    ]);
  }
  return `\n${head}${trip}\n${table}`;
}

export function showCalls({ title, unit, lines }: CallResult): string {
  const table = new Table({
    head: [title, `median ${unit}`, 'min', 'max', 'bytes kept'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: plainStyle,
  });
  for (const { label, median, min, max, bytes } of lines) {
    table.push([label, median.toFixed(2), min.toFixed(2), max.toFixed(2), bytes?.toFixed(0) ?? '']);
  }
  return `\n${table}`;
}

export function showMemory(results: readonly MemoryResult[]): string {
  const table = new Table({
    head: ['memory', 'rows', 'heap bytes a row', 'MB before', 'peak MB'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: plainStyle,
  });
  for (const { label, rows, bytes, beforeMb, peakMb, skipped } of results) {
    const figures = [bytes, beforeMb, peakMb].map((figure) => figure?.toFixed(0) ?? '');
    table.push([label, rows.toLocaleString('en'), ...(skipped === undefined ? figures : [skipped])]);
  }
  return `\n${table}`;
}

/** The figures of the jobs about single transactions, and what is wanted of them. Empty if none was measured. */
export function showTransactions(results: Results): string {
  const underLoad = results.cells.filter(({ job }) => job === 'under load');
  const has = (name: string) => results.cells.some(({ job }) => job === name);
  const tables = [
    ...(underLoad.length > 0
      ? [callersTable(underLoad, results.counts), wanted('under load', loadAims, results)]
      : []),
    ...(has('small') ? [wanted('small', smallAims, results)] : []),
    wanted('programs', programAims, results),
  ].filter(({ rows }) => rows.length > 0);
  return [...tables.map(shown), ...lacksServer(results)].map((text) => `\n${text}`).join('');
}

const wanted = (job: string, aims: typeof smallAims, results: Results): TableText => ({
  head: [job, ...aimHead.slice(1)],
  rows: aimRows(aims, results).filter(([, , measured]) => measured !== 'not measured'),
});

function shown({ head, rows }: TableText): string {
  const colAligns = head.map((_, n) => (n === 0 ? ('left' as const) : ('right' as const)));
  const table = new Table({ head: [...head], colAligns, style: plainStyle });
  table.push(...rows.map((row) => [...row]));
  return String(table);
}
