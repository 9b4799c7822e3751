import type { Results } from '../results.ts';
import { isOurs } from '../sides/index.ts';
import { bars, type Line, lines, short } from './chart.ts';
import { middleOf } from './middle.ts';

export interface Chart {
  readonly file: string;
  /** A text for readers who can't see the chart. */
  readonly alt: string;
  readonly svg: string;
}

/** The sides in the charts. More lines would be hard to distinguish, and the table has all sides. */
const followed = [
  'drizzle: loop',
  'drizzle: multi-row',
  'drizzle on pg: pipeline',
  'kysely',
  'sequelize: bulkCreate',
  'typeorm: save',
  'MikroORM: flush',
  'batched: insert() a row',
  'batched: groups of 100',
];

export function latencyChart({ cells }: Results): Chart | undefined {
  const steps = cells
    .filter(({ job, sweep, size, way }) => job === 'graph' && !sweep && !way && size === 100)
    .sort((a, b) => a.latency - b.latency);
  if (steps.length < 2) return undefined;
  const drawn = followed.map((name) => ({
    name,
    isOurs: isOurs(name),
    values: steps.map((step) => inSeconds(middleOf(step, name))),
  }));
  const alt = 'Seconds for 100 users with two addresses each in one transaction, by latency';
  const x = { name: 'a round trip takes longer by (ms)', steps: steps.map(({ latency }) => String(latency)) };
  return { file: 'latency.svg', alt, svg: lines(alt, x, 'seconds', drawn, 460) };
}

const inSeconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);

export function throughputChart({ cells }: Results): Chart | undefined {
  const cell = cells.find(({ id }) => id === 'orders/10000/0 ms');
  if (!cell) return undefined;
  const drawn = cell.sides.flatMap(({ side }) => {
    const ms = middleOf(cell, side);
    return ms === undefined ? [] : [{ name: side, isOurs: isOurs(side), value: (cell.rows / ms) * 1_000 }];
  });
  const alt = 'Rows per second by side: 10,000 orders in one transaction, ids given back, no latency';
  return {
    file: 'rows-per-second.svg',
    alt,
    svg: bars(alt, drawn, (value) => Math.round(value).toLocaleString('en')),
  };
}

const sweeps: readonly { sweep: string; file: string; title: string; x: string }[] = [
  {
    sweep: 'chunk size',
    file: 'chunk-size.svg',
    title: '50,000 orders by rows of a statement',
    x: 'rows of a statement',
  },
  {
    sweep: 'INSERT or COPY',
    file: 'insert-or-copy.svg',
    title: 'Orders by their number, written by INSERT and by COPY',
    x: 'rows',
  },
  { sweep: 'columns', file: 'columns.svg', title: '5,000 rows by number of columns', x: 'columns' },
  {
    sweep: 'secondary indexes',
    file: 'indexes.svg',
    title: '10,000 rows of five integers by secondary indexes',
    x: 'indexes',
  },
  {
    sweep: 'foreign keys',
    file: 'foreign-keys.svg',
    title: '10,000 rows of five integers by foreign keys',
    x: 'foreign keys',
  },
  {
    sweep: 'rows',
    file: 'growth.svg',
    title: 'Is the cost of a row flat? Orders by their number',
    x: 'rows',
  },
];

/** Charts of the cost of a row at each step of a sweep. */
export function sweepCharts({ cells }: Results): Chart[] {
  return sweeps.flatMap(({ sweep, file, title, x }) => {
    const steps = cells.filter((cell) => cell.sweep === sweep);
    if (steps.length === 0) return [];
    const names = [...new Set(steps.flatMap((step) => step.sides.map(({ side }) => side)))];
    const drawn: Line[] = names.map((name) => ({
      name,
      isOurs: isOurs(name),
      values: steps.map((step) => {
        const ms = middleOf(step, name);
        return ms === undefined ? undefined : (ms * 1_000) / step.rows;
      }),
    }));
    const alt = `${title}: microseconds of a row`;
    const at = { name: x, steps: steps.map(({ step = 0 }) => short(step)) };
    return [{ file, alt, svg: lines(title, at, 'µs a row', drawn) }];
  });
}
