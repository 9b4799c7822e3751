import { ratioOf } from '../ratio.ts';
import type { Repeated } from '../repeat.ts';
import type { CellResult, Results } from '../results.ts';
import { isOurs, sides } from '../sides/index.ts';
import { decimals, markdownTable, roughly } from './markdown.ts';
import { middleOf } from './middle.ts';

export const bold = (name: string, text = name) => (isOurs(name) ? `**${text}**` : text);

/** The README's table: plain drizzle beside ours, in three cells. */
export function threeFigures({ cells }: Results): string {
  const compared = ['drizzle: loop', 'drizzle: multi-row', 'batched: insert() a row'];
  const figures: readonly [title: string, id: string, show: (cell: CellResult, ms: number) => string][] = [
    [
      '100 users with two addresses each in one transaction, 20 ms a round trip',
      'graph/100/20 ms',
      (_, ms) => `${roughly(ms)} ms`,
    ],
    ['10,000 orders in one transaction, no latency', 'orders/10000/0 ms', rowsPerSecond],
    ['1,024 inserts by 64 callers, 5 ms a round trip', 'requests/1024/5 ms', (_, ms) => `${roughly(ms)} ms`],
  ];
  const rows = figures.map(([title, id, show]) => {
    const cell = cells.find((each) => each.id === id);
    return [
      title,
      ...compared.map((side) => {
        const ms = middleOf(cell, side);
        return cell && ms !== undefined ? bold(side, show(cell, ms)) : '–';
      }),
    ];
  });
  return markdownTable(['', ...compared.map((side) => bold(side))], rows);
}

const rowsPerSecond = (cell: CellResult, ms: number) =>
  `${decimals(Math.round((cell.rows / ms) * 1_000), 0)} rows/s`;

/** The table of docs/benchmark.md, which helps readers to choose. */
export function summary({ cells, counts, profiles }: Results): string {
  const columns: readonly [head: string, id: string, show: (cell: CellResult, ms: number) => string][] = [
    ['graph, 0 ms: ms', 'graph/100/0 ms', (_, ms) => roughly(ms)],
    ['graph, 20 ms: ms', 'graph/100/20 ms', (_, ms) => roughly(ms)],
    [
      '10,000 orders: rows/s',
      'orders/10000/0 ms',
      (cell, ms) => decimals(Math.round((cell.rows / ms) * 1_000), 0),
    ],
    [
      '10,000 wide rows: rows/s',
      'wide/10000/0 ms',
      (cell, ms) => decimals(Math.round((cell.rows / ms) * 1_000), 0),
    ],
    ['1,024 requests, 5 ms: ms', 'requests/1024/5 ms', (_, ms) => roughly(ms)],
  ];
  const isCounted = (name: string) => counts.some(({ side, job }) => side === name && job === 'graph');
  // A side may be newer than the results.
  const isMeasured = (name: string) =>
    counts.some(({ side }) => side === name) || cells.some((cell) => middleOf(cell, name) !== undefined);
  const compared = sides.filter(({ name, isVariant }) => (isVariant ? isCounted(name) : isMeasured(name)));
  const rows = compared.map(({ name }) => {
    const trips = counts.find((count) => count.side === name && count.job === 'graph')?.trips;
    const memory = profiles.find((profile) => profile.side === name && profile.job === 'orders');
    return [
      bold(name),
      trips === undefined ? '–' : String(trips),
      ...columns.map(([, id, show]) => {
        const cell = cells.find((each) => each.id === id);
        const ms = middleOf(cell, name);
        return cell && ms !== undefined ? bold(name, show(cell, ms)) : '–';
      }),
      memory ? decimals(memory.peakMb, 0) : '–',
    ];
  });
  return markdownTable(
    ['', 'round trips of a graph of 20', ...columns.map(([head]) => head), '10,000 orders: peak MB'],
    rows,
  );
}

/** All figures that were measured in one cell. */
export function cellTable(cell: CellResult): string {
  const rows = cell.sides.map(({ side, samples, skipped }) => {
    const ms = middleOf(cell, side);
    if (ms === undefined) return [bold(side), skipped ? `skipped: ${skipped}` : '–', '', '', '', '', ''];
    return [
      bold(side),
      roughly(ms),
      roughly(samples[0] ?? Number.NaN),
      roughly(samples.at(-1) ?? Number.NaN),
      String(samples.length),
      decimals(Math.round((cell.rows / ms) * 1_000), 0),
      ratioOf(cell, side)?.toFixed(2) ?? '',
    ];
  });
  return markdownTable(['', 'median ms', 'min', 'max', 'runs', 'rows/s', `times ${cell.reference}`], rows);
}

export function sweepTable(steps: readonly CellResult[]): string {
  const names = [...new Set(steps.flatMap((step) => step.sides.map(({ side }) => side)))];
  const rows = names.map((name) => [
    bold(name),
    ...steps.map((step) => {
      const ms = middleOf(step, name);
      return ms === undefined ? '–' : roughly((ms * 1_000) / step.rows);
    }),
  ]);
  return markdownTable(['µs a row', ...steps.map(({ step = 0 }) => decimals(step, 0))], rows);
}

export function countTable({ counts }: Results): string {
  const kinds = [...new Map(counts.map(({ job, size }) => [`${job} of ${size}`, { job, size }])).entries()];
  const counted = sides.filter(({ name }) => counts.some(({ side }) => side === name));
  const rows = counted.map(({ name }) => [
    bold(name),
    ...kinds.map(([, { job, size }]) => {
      const found = counts.find((count) => count.side === name && count.job === job && count.size === size);
      return found ? `${found.trips} / ${found.statements}` : '–';
    }),
  ]);
  return markdownTable(['round trips / statements parsed', ...kinds.map(([head]) => head)], rows);
}

/** How the time of a run is spent; each side ran in a process of its own. */
export function profileTable(profiles: Results['profiles']): string {
  const rows = profiles.map(({ side, wallMs, clientCpuMs, serverCpuMs, beforeMb, peakMb, statements }) => {
    const writes = (statements ?? []).filter(({ isWrite }) => isWrite);
    const sum = (of: 'calls' | 'rows' | 'totalMs') => writes.reduce((all, write) => all + write[of], 0);
    const executed = statements?.reduce((sum, { totalMs }) => sum + totalMs, 0);
    return [
      bold(side),
      roughly(wallMs),
      roughly(clientCpuMs),
      serverCpuMs === undefined ? '–' : roughly(serverCpuMs),
      executed === undefined ? '–' : roughly(executed),
      ...(writes.length > 0
        ? [
            decimals(sum('calls'), 0),
            roughly(sum('rows') / sum('calls')),
            roughly(sum('totalMs') / sum('calls')),
          ]
        : ['–', '–', '–']),
      decimals(peakMb, 0),
      decimals(peakMb - beforeMb, 0),
    ];
  });
  return markdownTable(
    [
      '',
      'ms a run',
      'client CPU ms',
      'server CPU ms',
      'executing ms',
      'INSERTs or COPYs',
      'rows of one',
      'mean ms of one',
      'peak MB',
      'of it in the run',
    ],
    rows,
  );
}

export function repeatTable(repeats: readonly Repeated[]): string {
  const rows = repeats.map(({ cell, side, reference, ratios, median, astray }) => [
    `${cell}: ${side} against ${reference}`,
    median.toFixed(2),
    ratios.map((ratio) => ratio.toFixed(2)).join(' '),
    `${astray} of ${ratios.length}`,
  ]);
  return markdownTable(['ratio', 'median', 'each repeat', 'off by over 25 %'], rows);
}

/** The memory of many rows while they are queued or written. */
export function memoryTable(memory: Results['memory']): string {
  const rows = memory.map(({ label, rows, bytes, beforeMb, peakMb, skipped }) => [
    `${decimals(rows, 0)} orders: ${label}`,
    ...[bytes, beforeMb, peakMb].map((figure) => (figure === undefined ? '' : decimals(figure, 0))),
    skipped ?? '',
  ]);
  return markdownTable(['', 'heap bytes a row, beyond the rows', 'MB before', 'peak MB', 'skipped'], rows);
}
