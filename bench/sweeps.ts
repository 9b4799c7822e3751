import { type Budget, byRows, type Cell, cell, withReferences } from './cell.ts';
import { columnCounts, jobNamed, keyCounts } from './jobs/index.ts';

/** These few sides are measured at many sizes. */
const swept = [byRows, 'unnest by hand', 'COPY', 'batched: insert() a row', 'batched: values(rows)'];
/** The sides that accept a number of rows per statement, and write all given rows at once. */
const chunkwise = [byRows, 'unnest by hand', 'batched: values(rows)'];
/** INSERTs of the default size, compared with COPY. */
const byCopy = [byRows, 'batched: values(rows)', 'batched: values(rows) by COPY'];
const mostParameters = 65_534;

export function sweeps(budget: Budget): Cell[] {
  const step = (sweep: string, step: number, job: string, size: number, more: Partial<Cell> = {}): Cell => ({
    ...cell(job, size, 0, budget),
    id: `${sweep} ${step}`,
    sweep,
    step,
    sides: swept,
    ...more,
  });
  const chunks = [100, 500, 1_000, 2_000, 5_000, 10_000, 25_000];
  const perOrder = jobNamed('orders').tables[0]?.columns.length ?? 1;
  return [
    ...chunks.map((chunk) =>
      step('chunk size', chunk, 'orders', 50_000, {
        chunk,
        // Leaves out a side that would need too many parameters.
        sides: chunkwise.filter((side) => side !== byRows || chunk * perOrder <= mostParameters),
      }),
    ),
    ...[100, 1_000, 5_000, 10_000, 20_000, 50_000].map((size) =>
      step('INSERT or COPY', size, 'orders', size, { chunk: 10_000, sides: byCopy }),
    ),
    ...columnCounts.map((count) => step('columns', count, `columns_${count}`, 5_000)),
    ...keyCounts.map((count) => step('secondary indexes', count, `indexed_${count}`, 10_000)),
    ...keyCounts.map((count) => step('foreign keys', count, `referring_${count}`, 10_000)),
    ...[1_000, 10_000, 100_000, 1_000_000].map((size) =>
      withReferences(step('rows', size, 'orders', size, size < 1_000_000 ? {} : { patience: 20 })),
    ),
  ];
}
