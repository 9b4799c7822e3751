/** Which entries of a batch must follow others. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Entry } from '../take/entry.ts';
import type { PipelinedTransaction } from './pipeline.ts';

/** The parents of an entry that are being written. */
export function openParents(entry: Entry, along: ReadonlySet<Entry>): Entry[] {
  return entry.references
    .map(({ origin }) => origin.entry)
    .filter((parent) => parent.state === 'taken' && !parent.outcome && !along.has(parent));
}

/** Postpones entries that refer to others of these, and those of their tables that follow in the order of the calls. */
export function inTurn(entries: readonly Entry[]): { now: readonly Entry[]; later: readonly Entry[] } {
  const given = new Set(entries);
  const waiting = new Set<PgTable>();
  const now: Entry[] = [];
  const later: Entry[] = [];
  for (const entry of entries) {
    const { table } = entry.shape;
    const isReady = !waiting.has(table) && openParents(entry, new Set()).every((each) => !given.has(each));
    if (!isReady) waiting.add(table);
    (isReady ? now : later).push(entry);
  }
  // A parent of the same table may follow its child if that was awaited late.
  return now.length === 0 ? { now: later, later: [] } : { now, later };
}

/** Adjacent transactions that all fit into a pipeline, or all do not. */
export function runsOf(transactions: readonly PipelinedTransaction[]): PipelinedTransaction[][] {
  const runs: PipelinedTransaction[][] = [];
  for (const transaction of transactions) {
    const run = runs.at(-1);
    if (run?.[0]?.fitsPipeline === transaction.fitsPipeline) run.push(transaction);
    else runs.push([transaction]);
  }
  return runs;
}
