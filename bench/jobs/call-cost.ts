import { drizzle } from 'drizzle-orm/postgres-js';
import { bytesOf } from '../method/heap.ts';
import { type Contestant, fiveRuns, measure, type Rounds } from '../method/turns.ts';
import type { CallResult } from '../results.ts';
import { drizzleTable } from '../sides/drizzle-tables.ts';
import { orders, type Row, rowOf } from '../tables.ts';
import { callResult } from './call-result.ts';
import { detached } from './detached.ts';

const inserts = 1_000;

/**
 * Measures the cost of `insert(t).values(row).returning()` before it is awaited. drizzle builds the insert,
 * and ours queues it too.
 */
export async function callCost(rounds: Rounds): Promise<CallResult> {
  const into = drizzleTable(orders);
  const plain = drizzle.mock();
  const { db, take } = detached();
  const made = (row: Row) => row as never;
  const build = (index: number) =>
    plain
      .insert(into)
      .values(made(rowOf(orders, index)))
      .returning({ id: into.id });
  const queue = (index: number) =>
    db
      .insert(into)
      .values(made(rowOf(orders, index)))
      .returning({ id: into.id });

  const bytes = [bytesOf(build), undefined, bytesOf(queue)];
  take();
  const contestants = [
    repeated('drizzle: built', build),
    // drizzle does this only when the insert is awaited. It is measured to make the comparison fair.
    repeated('drizzle: built, toSQL()', (index) => build(index).toSQL()),
    repeated('batched: built and queued', queue, take),
  ];
  return callResult(
    'an insert of one row, not awaited',
    'µs',
    inserts,
    await measure(contestants, fiveRuns, rounds),
    bytes,
  );
}

/** A run makes many inserts and keeps them, as a program does until it awaits them. */
function repeated(label: string, make: (index: number) => unknown, clear?: () => void): Contestant {
  const kept: unknown[] = [];
  return {
    label,
    waits: false,
    run() {
      for (let index = 0; index < inserts; index++) kept.push(make(index));
    },
    after() {
      kept.length = 0;
      clear?.();
    },
  };
}
