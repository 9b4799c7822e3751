import Table from 'cli-table3';
import { median } from './median.ts';
import { ratioOf } from './ratio.ts';
import type { CallResult, CellResult, MemoryResult } from './results.ts';

const plainStyle = { head: [], border: [] };

export function showCell({
  title,
  size,
  rows,
  latency,
  measuredLatency,
  reference,
  sides,
  ...cell
}: CellResult): string {
  const head = `${cell.id}: ${title}; ${rows.toLocaleString('en')} rows`;
  const trip = latency === 0 ? '' : `, ${measuredLatency.toFixed(1)} ms a bare round trip`;
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
