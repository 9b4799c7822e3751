/** Entries → ordered chunks, each of which becomes one statement. Pure. */

import type { PgTable } from 'drizzle-orm/pg-core';
import { getOrInsert } from '../get-or-insert.ts';
import { unresolved } from '../take/deferred-value.ts';
import type { Entry, Reference } from '../take/entry.ts';
import type { KeyList } from '../take/key-run.ts';
import { allocateForOrder, mayReadTables } from './call-order.ts';
import type { Chunk } from './chunk.ts';
import { makeChunks } from './chunks.ts';
import { commitOrder } from './commit-order.ts';
import { KeyLists } from './key-lists.ts';
import { hasLateParents } from './late-parents.ts';
import type { PlanInput } from './plan-input.ts';
import { canAllocate, planTable } from './plan-table.ts';
import { distinctPlans } from './same-plan.ts';

export interface Plan {
  readonly chunks: readonly Chunk[];
  readonly lists: readonly KeyList[];
  /** For each table the column, by index, that matches returned rows with the rows sent. */
  readonly sentinelColumns: ReadonlyMap<PgTable, number>;
  /** Entries that wait for the answers of this flight. */
  readonly later: readonly Entry[];
}

/** Groups the entries that can be written now into chunks, parents before children. */
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
  // If all entries that may read tables are postponed, the rest needs no call order.
  const readsNow =
    keepsCallOrder && (later.length === 0 || now.some((entry) => mayReadTables(entry, given.facts)));
  const levels =
    readsNow || (!isOneTable && hasLateParents(now, given)) ? [all] : commitOrder(all, input.pointsAt);
  for (const level of levels) {
    const planned = new Map(
      level.map((table) => [table, planTable(input, table, entriesOfTable(tables, table))]),
    );
    for (const [table, { sentinelColumn }] of planned) {
      if (sentinelColumn !== undefined) sentinelColumns.set(table, sentinelColumn);
    }
    const [only] = level;
    const isCycle = level.length > 1;
    const entries = isCycle
      ? now.filter(({ shape }) => planned.has(shape.table))
      : entriesOfTable(tables, only as PgTable);
    let made = makeChunks(input, entries, planned, keys);
    if (made.length > level.length && allocateForOrder(level, planned, made)) {
      keys.forget(entries);
      made = makeChunks(input, entries, planned, keys);
    }
    for (const chunk of made) chunks.push(chunk);
  }
  return { chunks, lists: keys.all, sentinelColumns, later };
}

/** Builds its map at the first question. Only conflict clauses ask, and most batches have none. */
function placesAmong(entries: readonly Entry[]): (entry: Entry) => number | undefined {
  let places: Map<Entry, number> | undefined;
  return (entry) => {
    places ??= new Map(entries.map((each, place) => [each, place]));
    return places.get(entry);
  };
}

/**
 * Postpones entries to the next flight.
 *
 * One group has a reference that is known only from RETURNING. The other follows later in the calls and may
 * depend on the first. It has rows of the same or a child table, or SQL that may read tables.
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
  // An empty flight would never provide the missing value.
  if (unknown && ready.size === 0) throw unresolved(unknown.origin);
  return { now: [...ready], later };
}

/** Whether the reference's value is known, or its key can be taken before the INSERT. */
function isReady(reference: Reference, ready: ReadonlySet<Entry>, { facts }: PlanInput): boolean {
  // The rows already contain the value.
  if (reference.value() !== undefined) return true;
  const { entry: parent, column } = reference.origin;
  const { conflict, shape } = parent;
  // A conflict clause may skip the row or update another one, so only RETURNING knows the key.
  return !conflict && canAllocate(facts.get(shape.table), shape, column) && ready.has(parent);
}

/** Whether the table equals one of the targets, or has one among its ancestors. */
function leadsTo(table: PgTable, targets: ReadonlySet<PgTable>, pointsAt: PlanInput['pointsAt']): boolean {
  const reached = new Set([table]);
  for (const next of reached) {
    if (targets.has(next)) return true;
    for (const parent of pointsAt(next)) reached.add(parent);
  }
  return false;
}

/**
 * Call order, except that an entry comes before those that refer to it. A described insert may be awaited
 * late.
 */
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

function entriesOfTable(tables: ReadonlyMap<PgTable, readonly Entry[]>, table: PgTable): readonly Entry[] {
  const entries = tables.get(table);
  if (!entries) throw new Error('a table without entries has been planned');
  return entries;
}

function groupByTable(entries: readonly Entry[]): ReadonlyMap<PgTable, readonly Entry[]> {
  const tables = new Map<PgTable, Entry[]>();
  for (const entry of entries) getOrInsert(tables, entry.shape.table, () => []).push(entry);
  return tables;
}
