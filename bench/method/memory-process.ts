import postgres from 'postgres';
import { type BatchedDatabase, batchedDrizzle } from '../../src/index.ts';
import type { MemoryResult } from '../results.ts';
import { drizzleTable } from '../sides/drizzle-tables.ts';
import { orders, rowsOf } from '../tables.ts';
import { collectGarbage } from './heap.ts';
import { labels, type MemoryAssignment } from './memory.ts';

const { url, task, rows: count } = JSON.parse(process.argv[2] ?? '') as MemoryAssignment;
const into = drizzleTable(orders);
const client = postgres(url, { max: 1, onnotice: () => {} });
const given = rowsOf(orders, count);

const result = task === 'kept' || task === 'dropped' ? await queue(task === 'kept') : await write();
process.send?.({ label: labels[task], rows: count, ...result });
await client.end();
process.disconnect();

/** Measures queued inserts in a transaction that sends none of them. Their rows are made before. */
async function queue(keeps: boolean): Promise<Partial<MemoryResult>> {
  // Without these options the queue would be flushed on the way.
  const unbounded = { maxRows: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
  const db = batchedDrizzle(client, { batch: unbounded });
  const enough = new Error('nothing of it is written');
  let bytes = Number.NaN;
  const measured = db.transaction(async (tx) => {
    for (const row of given.slice(0, 1_000)) insertRow(tx, row);
    const kept = new Array<unknown>(keeps ? count : 0).fill(undefined);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (const [index, row] of given.entries()) {
      const insert = insertRow(tx, row);
      if (keeps) kept[index] = insert;
    }
    collectGarbage();
    bytes = (process.memoryUsage().heapUsed - before) / count;
    // Reading `kept` after the measurement keeps its inserts alive until then.
    if (kept.length + tx.pending < count) throw new Error('the inserts are gone');
    throw enough;
  });
  await measured.catch((error) => {
    if (error !== enough) throw error;
  });
  return { bytes };
}

async function write(): Promise<Partial<MemoryResult>> {
  const db = batchedDrizzle(client);
  await db.insert(into).values(given.slice(0, 10)).returning({ id: into.id });
  collectGarbage();
  const beforeMb = process.memoryUsage.rss() / 2 ** 20;
  const inserts: PromiseLike<{ id: number }[]>[] = [];
  await db.transaction(async (tx) => {
    if (task === 'one values()') inserts.push(tx.insert(into).values(given).returning({ id: into.id }));
    else for (const row of given) inserts.push(insertRow(tx, row));
  });
  const ids = (await Promise.all(inserts)).flat();
  if (ids.length !== count) throw new Error(`${count} rows sent, ${ids.length} ids given back`);
  return { beforeMb, peakMb: process.resourceUsage().maxRSS / 1_024 };
}

function insertRow(tx: Pick<BatchedDatabase, 'insert'>, row: (typeof given)[number]) {
  return tx.insert(into).values(row).returning({ id: into.id });
}
