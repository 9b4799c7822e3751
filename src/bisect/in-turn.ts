/** Which entries of a batch must follow others. Pure. */
import type { Entry } from '../take/entry.ts';
import type { PipelinedTransaction } from './write-transaction.ts';

/** The parents of an entry that are being written. */
export function openParents(entry: Entry, along: ReadonlySet<Entry>): Entry[] {
  return entry.references
    .map(({ origin }) => origin.entry)
    .filter((parent) => parent.state === 'taken' && !parent.outcome && !along.has(parent));
}

/** Postpones the first entry that refers to another of these, and all that follow: they may see its rows. */
export function inTurn(entries: readonly Entry[]): { now: readonly Entry[]; later: readonly Entry[] } {
  const given = new Set(entries);
  const waits = (entry: Entry) => openParents(entry, new Set()).some((each) => given.has(each));
  const first = entries.findIndex(waits);
  // A parent may follow its child if that was awaited late.
  return first <= 0
    ? { now: entries, later: [] }
    : { now: entries.slice(0, first), later: entries.slice(first) };
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
