import { labels } from '../method/memory.ts';
import type { CellResult, Count, MemoryResult, Profile, Results } from '../results.ts';
import { isOurs, isReference } from '../sides/index.ts';
import { type Aim, aimHead, aimRows, figureOf, type Measured } from './aims.ts';
import { decimals, markdownTable, roughly } from './markdown.ts';
import { middleOf } from './middle.ts';

const eachQueued = 'batched: each queued';
const byRow = 'batched: insert() a row';
const atOnce = 'batched: values(rows)';
const loop = 'drizzle: loop';
const multiRow = 'drizzle: multi-row';
const pgPromise = 'pg-promise: helpers';
const psql = 'psql \\copy (no ids)';

const cellOf = ({ cells }: Results, id: string) => cells.find((cell) => cell.id === id);

/** How many times as fast as another side ours is. */
function times(ours: string, id: string, other: string): Aim['of'] {
  return (results) => {
    const cell = cellOf(results, id);
    const [own, others] = [middleOf(cell, ours), middleOf(cell, other)];
    if (cell === undefined || own === undefined || others === undefined) return undefined;
    return { value: others / own, note: `${decimals(Math.round((cell.rows / own) * 1_000), 0)} rows/s` };
  };
}

/** Our time as a share of the fastest peer's time. */
function ofBestPeer(id: string): Aim['of'] {
  return (results) => {
    const cell = cellOf(results, id);
    const own = middleOf(cell, byRow);
    const [best] = ranked(cell).filter(({ side }) => !isOurs(side) && !isReference(side));
    if (own === undefined || best === undefined) return undefined;
    return { value: own / best.ms, note: `${roughly(own)} ms; ${best.side}: ${roughly(best.ms)} ms` };
  };
}

function ranked(cell: CellResult | undefined): { side: string; ms: number }[] {
  return (cell?.sides ?? [])
    .flatMap(({ side }) => {
      const ms = middleOf(cell, side);
      return ms === undefined ? [] : [{ side, ms }];
    })
    .sort((a, b) => a.ms - b.ms);
}

/** The cost of a row among many, divided by its cost among few. */
function growth(side: string): Aim['of'] {
  return (results) => {
    const [few, many] = ['rows 10000', 'rows 1000000'].map((id) => {
      const cell = cellOf(results, id);
      const ms = middleOf(cell, side);
      return cell === undefined || ms === undefined ? undefined : (ms * 1_000) / cell.rows;
    });
    if (few === undefined || many === undefined) return undefined;
    return { value: many / few, note: `${roughly(few)} and ${roughly(many)} µs a row` };
  };
}

/** Our figure, divided by that of plain drizzle's loop. */
function byLoop<T extends { readonly job: string; readonly side: string }>(
  all: readonly T[],
  job: string,
  figure: (one: T) => number,
  unit: string,
): Measured | undefined {
  const [own, plain] = [byRow, loop].map((name) => all.find((one) => one.job === job && one.side === name));
  if (own === undefined || plain === undefined) return undefined;
  const [ours, theirs] = [figure(own), figure(plain)];
  return { value: ours / theirs, note: `${figureOf(ours)} and ${figureOf(theirs)} ${unit}` };
}

function bytesOf(memory: readonly MemoryResult[], label: string): Measured | undefined {
  const bytes = memory.find((each) => each.label === label)?.bytes;
  return bytes === undefined ? undefined : { value: bytes };
}

const graph = 'graph/100/20 ms';
const large = 'orders/100000/0 ms';

const aims: readonly Aim[] = [
  {
    what: 'a graph in one transaction: round trips',
    most: 1,
    of({ counts }) {
      const trips = counts.find(({ job, side }) => job === 'graph' && side === byRow)?.trips;
      return trips === undefined ? undefined : { value: trips };
    },
  },
  { what: 'a graph at 20 ms: of the time of the best peer', most: 0.5, of: ofBestPeer(graph) },
  { what: 'the same on a cold connection', most: 0.5, of: ofBestPeer(`${graph}, cold`) },
  { what: 'the same through PgBouncer', most: 0.5, of: ofBestPeer(`${graph}, pooler`) },
  {
    what: `100,000 orders, an insert() a row: times ${multiRow}`,
    least: 6,
    of: times(byRow, large, multiRow),
  },
  { what: `the same: times ${pgPromise}`, least: 2, of: times(byRow, large, pgPromise) },
  { what: `the same: times ${psql}`, least: 0.4, of: times(byRow, large, psql) },
  { what: `100,000 orders, one values(): times ${multiRow}`, least: 10, of: times(atOnce, large, multiRow) },
  { what: `the same: times ${psql}`, least: 0.5, of: times(atOnce, large, psql) },
  { what: 'a row among 1,000,000 by one among 10,000, one values()', most: 1.3, of: growth(atOnce) },
  { what: 'the same, an insert() a row', most: 1.3, of: growth(byRow) },
  {
    what: 'bytes of the heap for a queued insert(), beyond its row',
    most: 300,
    of: ({ memory }) => bytesOf(memory, labels.dropped),
  },
  {
    what: 'the same, with the inserts kept by the caller',
    most: 300,
    of: ({ memory }) => bytesOf(memory, labels.kept),
  },
  {
    what: `await each: round trips by those of ${loop}`,
    most: 0.5,
    of: ({ counts }) => byLoop<Count>(counts, 'await each', ({ trips }) => trips, 'round trips'),
  },
  {
    what: 'the same: CPU of the client',
    most: 1,
    of: ({ profiles }) =>
      byLoop<Profile>(profiles, 'await each', ({ clientCpuMs }) => clientCpuMs, 'ms of CPU'),
  },
  {
    what: `100,000 awaited inserts that are queued: rows/s, times ${loop}`,
    least: 4,
    of: times(eachQueued, 'await each/100000/0 ms', loop),
  },
  {
    what: `64 callers at 5 ms: inserts/s, times ${loop}`,
    least: 5,
    of: times(byRow, 'requests/1024/5 ms', loop),
  },
];

/** A table of the intended and the measured figures. */
export const tunedFor = (results: Results) => markdownTable(aimHead, aimRows(aims, results));
