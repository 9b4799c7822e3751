import { oneByOne, pgOneByOne, pgQueued } from '../cell.ts';
import { programJobs } from '../jobs/programs.ts';
import { shapeOf } from '../jobs/small.ts';
import { pgAwaited, programId } from '../program-cells.ts';
import type { Results } from '../results.ts';
import { awaited, pgOursAwaited, queued } from '../transactions.ts';
import { markdownTable, roughly } from './markdown.ts';
import { middleOf } from './middle.ts';
import { cellOf } from './wanted.ts';

/** Plain drizzle on a driver, and this library beside it. */
interface Pair {
  readonly plain: string;
  readonly ours: string;
}

interface Driver {
  readonly name: string;
  /** An insert for each row: drizzle awaits each, and ours are queued. */
  readonly queued: Pair;
  /** Each statement is awaited, by both. */
  readonly awaited: Pair;
}

const drivers: readonly Driver[] = [
  {
    name: 'postgres.js',
    queued: { plain: oneByOne, ours: queued },
    awaited: { plain: oneByOne, ours: awaited },
  },
  {
    name: 'node-postgres',
    queued: { plain: pgOneByOne, ours: pgQueued },
    awaited: { plain: pgAwaited, ours: pgOursAwaited },
  },
];

/** A cell that is compared, or counted. */
interface Compared {
  readonly title: string;
  readonly id: string;
  readonly how: 'queued' | 'awaited';
  /** What its figures are divided by. */
  readonly transactions: number;
}

const latencies = [0, 1, 20];
const smallRows = 4;

function compared(results: Results): Compared[] {
  return latencies.flatMap((latency): Compared[] => [
    {
      title: `graph of 100 users, ${latency} ms`,
      id: `graph/100/${latency} ms`,
      how: 'queued',
      transactions: 1,
    },
    {
      title: `small, ${shapeOf(smallRows)}, ${latency} ms`,
      id: `small/${smallRows}/${latency} ms`,
      how: 'queued',
      transactions: 1,
    },
    ...programJobs.map(({ name }): Compared => {
      const id = programId(name, 1, latency);
      return {
        title: `${name}, ${latency} ms`,
        id,
        how: 'awaited',
        transactions: cellOf(results, id)?.size ?? 1,
      };
    }),
  ]);
}

/** The figures of both sides of a pair; nothing if one of them was not measured. */
type Both = readonly [plain: number, ours: number];

function timesOf(results: Results, driver: Driver, { id, how, transactions }: Compared): Both | undefined {
  const cell = cellOf(results, id);
  const { plain, ours } = driver[how];
  const [before, after] = [middleOf(cell, plain), middleOf(cell, ours)];
  if (before === undefined || after === undefined) return undefined;
  return [before / transactions, after / transactions];
}

/** What is counted by job: how many round trips a transaction takes. */
const counted: readonly (Omit<Compared, 'id'> & { job: string; size: number })[] = [
  { title: 'a graph of 20 users', job: 'graph', size: 20, how: 'queued', transactions: 1 },
  {
    title: `small, ${shapeOf(smallRows)}`,
    job: 'small',
    size: smallRows,
    how: 'queued',
    transactions: 1,
  },
  ...programJobs.map(({ name }) => ({
    title: name,
    job: name,
    size: 2,
    how: 'awaited' as const,
    transactions: 2,
  })),
];

function tripsOf({ counts }: Results, driver: Driver, what: (typeof counted)[number]): Both | undefined {
  const { plain, ours } = driver[what.how];
  const of = (wanted: string) =>
    counts.find(({ job, size, side }) => job === what.job && size === what.size && side === wanted)?.trips;
  const [before, after] = [of(plain), of(ours)];
  if (before === undefined || after === undefined) return undefined;
  return [before / what.transactions, after / what.transactions];
}

/**
 * For docs/benchmark.md: the same program by plain drizzle and by this library, on each driver. Empty until a second driver
 * was measured.
 */
export function byDriver(results: Results): string[] {
  const cells = compared(results);
  const measured = drivers.filter((driver) => cells.some((cell) => timesOf(results, driver, cell)));
  if (measured.length < 2) return [];
  const times = cells.flatMap((cell) => {
    const figures = measured.map((driver) => timesOf(results, driver, cell));
    if (figures.every((both) => both === undefined)) return [];
    return [[cell.title, ...figures.flatMap((both) => columns(both, roughly))]];
  });
  const trips = counted.map((what) => [
    what.title,
    ...measured.flatMap((driver) => columns(tripsOf(results, driver, what), trip)),
  ]);
  const head = (unit: string) =>
    measured.flatMap(({ name }) => [`drizzle on ${name}: ${unit}`, `**batched**: ${unit}`, 'times']);
  return [
    '## By driver',
    'The same program by plain drizzle and by this library, on each driver. *graph* and *small* insert rows: drizzle awaits ' +
      'each insert, and ours are queued. In the programs both await each statement. Figures are those of one transaction; ' +
      '*times* is how many times as much plain drizzle takes.',
    markdownTable(['', ...head('ms')], times),
    markdownTable(['round trips', ...head('trips')], trips),
  ];
}

function columns(both: Both | undefined, show: (value: number) => string): string[] {
  if (both === undefined) return ['–', '–', ''];
  const [plain, ours] = both;
  return [show(plain), `**${show(ours)}**`, (plain / ours).toFixed(2)];
}

const trip = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(1));
