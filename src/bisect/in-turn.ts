/** Which entries of a batch go together, and which must follow others. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { getOrInsert } from '../get-or-insert.ts';
import { mostOwnRows } from '../plan/shares-little.ts';
import type { Refusal } from '../settle/failures.ts';
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

/** Whether the entry is sent at once, as drizzle's own statement. */
export function asksNothing({ references, count }: Entry): boolean {
  return references.length === 0 && count <= mostOwnRows;
}

/** The entries of each table. */
export function byTable(entries: readonly Entry[]): Entry[][] {
  const tables = new Map<PgTable, Entry[]>();
  for (const entry of entries) getOrInsert(tables, entry.shape.table, () => []).push(entry);
  return [...tables.values()];
}

/** The entries of the calls before the culprit's, if just these were executed before it, and it alone was refused. */
export function callsAhead(
  entries: readonly Entry[],
  culprit: Entry,
  { ahead }: Refusal,
): readonly Entry[] | undefined {
  const before = entries.slice(0, entries.indexOf(culprit));
  const areSame = ahead?.length === before.length && before.every((entry) => ahead.includes(entry));
  return areSame ? before : undefined;
}

export function isWritten({ outcome }: Entry): boolean {
  return outcome !== undefined && !outcome.error;
}
