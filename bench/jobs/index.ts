import { columns, indexed, orders, referring, rowsOf, type Table, targets, wide } from '../tables.ts';
import { graph } from './graph.ts';
import type { Job } from './job.ts';
import { programJobs } from './programs.ts';
import { small } from './small.ts';
import { underLoad } from './under-load.ts';

function flat(table: Table, title: string, name = table.name): Job {
  return {
    ...written(table),
    name,
    title,
    prepare({ rows: write, load }, size) {
      const rows = rowsOf(table, size);
      const loaded = load?.(table, rows);
      if (loaded) return async () => [{ table, count: size, ids: await loaded() }];
      return write && (async () => [{ table, count: size, ids: await write(table, rows) }]);
    },
  };
}

const awaitEach: Job = {
  ...written(orders),
  name: 'await each',
  title: 'orders in one transaction, each insert awaited before the next',
  prepare({ each }, size) {
    const rows = rowsOf(orders, size);
    return each && (async () => [{ table: orders, count: size, ids: await each(orders, rows) }]);
  },
};

const callers = 64;

const requests: Job = {
  ...written(orders),
  name: 'requests',
  title: `orders by ${callers} callers at the same time, each awaiting its own, no transaction`,
  prepare({ request }, size) {
    const rows = rowsOf(orders, size);
    if (!request) return undefined;
    return async () => {
      const ids: number[] = [];
      const call = async (caller: number) => {
        for (let n = caller; n < size; n += callers) ids[n] = await request(orders, rows[n] ?? {});
      };
      await Promise.all(Array.from({ length: Math.min(callers, size) }, (_, caller) => call(caller)));
      return [{ table: orders, count: size, ids }];
    };
  },
};

function written(table: Table): Pick<Job, 'unit' | 'tables' | 'rows' | 'expect'> {
  return {
    unit: 'rows',
    tables: [table],
    rows: (size) => size,
    expect: (referee, size) => referee.expect(table, size),
  };
}

export const columnCounts = [1, 3, 7, 15, 30];
export const keyCounts = [0, 1, 3, 5];

/** All jobs. Each table of a sweep is a job of its own. */
export const jobs: readonly Job[] = [
  graph,
  flat(orders, 'orders of three columns, one transaction'),
  flat(wide, '15 columns of mixed types, one transaction'),
  awaitEach,
  requests,
  small,
  underLoad,
  ...programJobs,
  ...columnCounts.map((count) => flat(columns(count), `${count} columns`)),
  ...keyCounts.map((count) => flat(indexed(count), `five columns, ${count} of them indexed`)),
  ...keyCounts.map((count) => flat(referring(count), `five columns, ${count} of them foreign keys`)),
];

/**
 * The jobs that a command line can name, besides those that need no table. The others are steps of a sweep.
 */
export const jobNames = [
  'graph',
  'orders',
  'wide',
  'await each',
  'requests',
  'small',
  'under load',
  ...programJobs.map(({ name }) => name),
];

export function jobNamed(name: string): Job {
  const job = jobs.find((each) => each.name === name);
  if (!job) throw new Error(`no job is called '${name}'`);
  return job;
}

const byName = new Map<string, Table>([[targets.name, targets]]);
for (const { tables } of jobs) for (const table of tables) byName.set(table.name, table);

/** Every table; parents are before the tables that refer to them. */
export const tables: readonly Table[] = [...byName.values()];
