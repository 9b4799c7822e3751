/** What client and server need for a transaction without latency, from the results of the benchmark. */
import { middleOf } from '../../bench/report/middle.ts';
import type { CellResult, Results } from '../../bench/results.ts';
import type { Driver, Way } from './trips.ts';

/** Milliseconds of transactions by their rows, ascending. Empty if none was measured. */
export type Measured = readonly (readonly [rows: number, ms: number])[];

/** Plain drizzle or this library, on one driver. */
export interface SideCosts {
  readonly inserts: Readonly<Record<Way, Measured>>;
  /** Milliseconds of another statement, with its share of BEGIN and COMMIT. */
  readonly statement?: number;
}

export interface Costs {
  readonly date: string;
  readonly machine: string;
  readonly sides: Readonly<Record<Driver, { readonly plain: SideCosts; readonly ours: SideCosts }>>;
}

/** A job of the benchmark that inserts row by row, and the name of a side in it. */
type Source = readonly [job: string, side: string];

interface Sources {
  readonly inserts: Readonly<Record<Way, readonly Source[]>>;
  readonly statement: string;
}

/** Each of these programs is measured with every driver. Its statements are awaited one by one in a transaction. */
const programs = ['TPC-B', 'new order', 'payment'];

/** Plain drizzle sends one insert after another, however they are awaited. */
const inAnyWay = (sources: readonly Source[]) => ({
  left: sources,
  together: sources,
  each: sources,
  queued: sources,
});

function oursBy(insert: string, each: string, queued: readonly Source[]): Sources['inserts'] {
  const together: readonly Source[] = [
    ['small', insert],
    ['orders', insert],
  ];
  return { left: together, together, each: [['small', each]], queued };
}

const sources: Readonly<Record<Driver, { readonly plain: Sources; readonly ours: Sources }>> = {
  'postgres.js': {
    plain: {
      inserts: inAnyWay([
        ['small', 'drizzle: loop'],
        ['orders', 'drizzle: loop'],
      ]),
      statement: 'drizzle: loop',
    },
    ours: {
      inserts: oursBy('batched: insert() a row', 'batched: each awaited', [
        ['await each', 'batched: each queued'],
      ]),
      statement: 'batched: each awaited',
    },
  },
  'node-postgres': {
    plain: {
      // In `await each` the side is named after what it does elsewhere. There it awaits one insert after another.
      inserts: inAnyWay([
        ['small', 'drizzle on pg: loop'],
        ['await each', 'drizzle on pg: multi-row'],
      ]),
      statement: 'drizzle on pg: each awaited',
    },
    ours: {
      inserts: oursBy('batched on pg: insert() a row', 'batched on pg: each awaited', []),
      statement: 'batched on pg: each awaited',
    },
  },
};

export function costsOf(results: Results): Costs {
  const { date, environment } = results;
  const ofSide = ({ inserts, statement }: Sources): SideCosts => {
    const measured = (way: Way) => measuredOf(results, inserts[way]);
    return {
      inserts: {
        left: measured('left'),
        together: measured('together'),
        each: measured('each'),
        queued: measured('queued'),
      },
      statement: statementOf(results, statement),
    };
  };
  const ofDriver = (driver: Driver) => ({
    plain: ofSide(sources[driver].plain),
    ours: ofSide(sources[driver].ours),
  });
  return {
    date: date.slice(0, 10),
    machine: `${environment.cores} × ${environment.processor}, Node ${environment.node}, PostgreSQL ${environment.postgres}`,
    sides: { 'postgres.js': ofDriver('postgres.js'), 'node-postgres': ofDriver('node-postgres') },
  };
}

const isOrdinary = ({ latency, way, sweep }: CellResult) =>
  latency === 0 && way === undefined && sweep === undefined;

function measuredOf({ cells }: Results, from: readonly Source[]): Measured {
  return from
    .flatMap(([job, side]) =>
      cells
        .filter((cell) => cell.job === job && isOrdinary(cell))
        .map((cell) => [cell.rows, middleOf(cell, side)] as const),
    )
    .filter((point): point is readonly [number, number] => point[1] !== undefined)
    .toSorted(([rows], [others]) => rows - others);
}

/** The mean over the programs. On pg each statement is one round trip, which tells how many a program has. */
function statementOf({ cells, counts }: Results, side: string): number | undefined {
  const each = programs.map((job) => {
    const cell = cells.find((one) => one.job === job && one.callers === 1 && isOrdinary(one));
    const count = counts.find((one) => one.job === job && one.side === 'drizzle on pg: each awaited');
    const ms = middleOf(cell, side);
    if (cell === undefined || count === undefined || ms === undefined) return undefined;
    return ms / cell.size / (count.trips / count.size - 2);
  });
  const known = each.filter((ms) => ms !== undefined);
  if (known.length < programs.length) return undefined;
  return known.reduce((sum, ms) => sum + ms, 0) / known.length;
}
