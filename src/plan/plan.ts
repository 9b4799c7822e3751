/** Entries → ordered chunks, each of which is one INSERT. Pure. */

import type { PgTable } from 'drizzle-orm/pg-core';
import { getOrInsert } from '../get-or-insert.ts';
import { unresolved } from '../take/deferred-value.ts';
import type { Entry, Reference } from '../take/entry.ts';
import type { KeyList } from '../take/key-run.ts';
import { allocateForOrder, mayReadTables, mustKeepOrder } from './call-order.ts';
import type { Chunk } from './chunk.ts';
import { makeChunks } from './chunks.ts';
import { commitOrder } from './commit-order.ts';
import { KeyLists } from './key-lists.ts';
import type { PlanInput } from './plan-input.ts';
import { canAllocate, planTable } from './plan-table.ts';
import { distinctPlans } from './same-plan.ts';

export interface Plan {
  readonly chunks: readonly Chunk[];
  readonly lists: readonly KeyList[];
  /** The column, by index, by whose value a table's returned rows are told apart. */
  readonly sentinelColumns: ReadonlyMap<PgTable, number>;
  /** Entries whose parents' keys are known only after this flight. */
  readonly later: readonly Entry[];
}

/** Groups what can be written now into chunks, a table's parents before it. */
export function plan(given: PlanInput): Plan {
  const different = distinctPlans(given.entries, given.encoded);
  const keepsCallOrder = different.some((entry) => mayReadTables(entry, given.facts));
  const hasReferences = different.some(({ references }) => references.length > 0);
  const { now, later } = hasReferences
    ? readyEntries(given, keepsCallOrder)
    : { now: given.entries, later: [] };
  const isLone = now.length === 1 && now[0]?.count === 1 && later.length === 0;
  const input = { ...given, isLone, placeOf: placesAmong(now) };
  const first = different[0]?.shape.table;
  const isOneTable = first !== undefined && different.every(({ shape }) => shape.table === first);
  const tables = isOneTable ? new Map([[first, now]]) : groupByTable(now);
  const keys = new KeyLists();
  const sentinelColumns = new Map<PgTable, number>();
  const chunks: Chunk[] = [];
  const all = [...tables.keys()];
  // What waits for later does not read what it may not see.
  const readsNow =
    keepsCallOrder && (later.length === 0 || now.some((entry) => mayReadTables(entry, given.facts)));
  const levels = readsNow ? [all] : commitOrder(all, input.pointsAt);
  for (const level of levels) {
    const planned = new Map(level.map((table) => [table, planTable(input, table, tables.get(table) ?? [])]));
    for (const [table, { sentinelColumn }] of planned) {
      if (sentinelColumn !== undefined) sentinelColumns.set(table, sentinelColumn);
    }
    const [only] = level;
    const isCycle = level.length > 1;
    const entries = isCycle
      ? now.filter(({ shape }) => planned.has(shape.table))
      : (tables.get(only as PgTable) ?? []);
    const keepsOrder = isCycle || mustKeepOrder(input, entries, planned);
    let made = makeChunks(input, entries, planned, keepsOrder, keys);
    if (made.length > level.length && allocateForOrder(level, planned, made)) {
      keys.forget(entries);
      made = makeChunks(input, entries, planned, keepsOrder, keys);
    }
    for (const chunk of made) chunks.push(chunk);
  }
  return { chunks, lists: keys.all, sentinelColumns, later };
}

/** Asked for conflict clauses alone, which most batches have none of. */
function placesAmong(entries: readonly Entry[]): (entry: Entry) => number | undefined {
  let places: Map<Entry, number> | undefined;
  return (entry) => {
    places ??= new Map(entries.map((each, place) => [each, place]));
    return places.get(entry);
  };
}

/**
 * Splits off what has to wait for the answers of this flight: entries with a reference that only an answer can tell, and
 * of those behind them all that may need their rows without saying so.
 */
function readyEntries(
  given: PlanInput,
  keepsCallOrder: boolean,
): { now: readonly Entry[]; later: readonly Entry[] } {
  const entries = parentsFirst(given.entries);
  const ready = new Set<Entry>();
  const later: Entry[] = [];
  const waiting = new Set<PgTable>();
  let unknown: Reference | undefined;
  for (const entry of entries) {
    const { table } = entry.shape;
    const missing = entry.references.find((reference) => !isReady(reference, ready, given));
    const isBehind = later.length > 0 && (keepsCallOrder || leadsTo(table, waiting, given.pointsAt));
    if (!missing && !isBehind) {
      ready.add(entry);
      continue;
    }
    unknown ??= missing;
    later.push(entry);
    waiting.add(table);
  }
  // A flight of nothing would bring no answer either.
  if (unknown && ready.size === 0) throw unresolved(unknown.origin);
  return { now: [...ready], later };
}

/** Whether a reference is known, or its key can be taken ahead. */
function isReady(reference: Reference, ready: ReadonlySet<Entry>, { facts }: PlanInput): boolean {
  // A reference that was text when the rows were encoded needs no key.
  if (reference.value() !== undefined) return true;
  const { entry: parent, column } = reference.origin;
  const { conflict, shape } = parent;
  // What a conflict clause may leave out, or make another row of, only the answer can tell.
  return !conflict && canAllocate(facts.get(shape.table), shape, column) && ready.has(parent);
}

/** Whether a flight would write the table along with one of the targets or behind it. */
function leadsTo(table: PgTable, targets: ReadonlySet<PgTable>, pointsAt: PlanInput['pointsAt']): boolean {
  const reached = new Set([table]);
  for (const next of reached) {
    if (targets.has(next)) return true;
    for (const parent of pointsAt(next)) reached.add(parent);
  }
  return false;
}

/** Call order, but for an insert that was described and awaited only behind one that refers to it. */
function parentsFirst(entries: readonly Entry[]): readonly Entry[] {
  const given = new Set(entries);
  const ordered = new Set<Entry>();
  const place = (entry: Entry): void => {
    for (const { origin } of entry.references) {
      if (origin.entry !== entry && given.has(origin.entry) && !ordered.has(origin.entry))
        place(origin.entry);
    }
    ordered.add(entry);
  };
  for (const entry of entries) if (!ordered.has(entry)) place(entry);
  return [...ordered];
}

function groupByTable(entries: readonly Entry[]): ReadonlyMap<PgTable, readonly Entry[]> {
  const tables = new Map<PgTable, Entry[]>();
  for (const entry of entries) getOrInsert(tables, entry.shape.table, () => []).push(entry);
  return tables;
}
