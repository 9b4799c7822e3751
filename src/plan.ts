/** Entries → ordered chunks, each of which is one INSERT. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { makeChunks } from './chunks.ts';
import { commitOrder } from './commit-order.ts';
import type { TableShape } from './drizzle-facts.ts';
import type { Entry, Expression } from './entry.ts';
import { getOrInsert } from './get-or-insert.ts';
import { KeyLists } from './key-lists.ts';
import { allocateForOrder, canAllocate, mayReadTables, mustKeepOrder, planTable } from './plan-table.ts';
import { type Reference, unresolved } from './reference.ts';
import type { ColumnFacts, TableFacts } from './table-facts.ts';

/** Keys of one column, taken together and kept by the server under one name. */
export interface KeyList {
  readonly name: string;
  readonly shape: TableShape;
  readonly column: number;
  readonly facts: ColumnFacts;
  size: number;
}

/** The place of a key in its list; positions count from 1, as PostgreSQL's do. */
export interface KeyPlace {
  readonly list: KeyList;
  readonly position: number;
}

/** What a statement has for a cell: text, NULL, the place of a key, or an expression to stand as it is. */
export type PlannedCell = string | null | undefined | KeyPlace | Expression;

export function isKeyPlace(cell: unknown): cell is KeyPlace {
  return typeof cell === 'object' && cell !== null && 'list' in cell;
}

export interface PlannedRow {
  readonly entry: Entry;
  /** Which of the entry's rows. */
  readonly row: number;
  /** In the order of the shape's columns; `undefined` is the database's default. */
  readonly cells: readonly PlannedCell[];
}

export interface ChunkMatch {
  readonly columns: readonly number[];
  /** The values of the rows, none of which comes twice; `undefined` where of equal ones the first is written. */
  readonly values: Set<string> | undefined;
}

/** The rows of one statement. */
export interface Chunk {
  readonly shape: TableShape;
  readonly facts: TableFacts | undefined;
  readonly rows: PlannedRow[];
  /** Holds one entry and nothing else, so that its answer needs no pairing. */
  readonly alone: boolean;
  /** What finds the source of a written row, where several entries share a conflict clause. */
  readonly match: ChunkMatch | undefined;
  /** Columns, by index, that a reference waits for and only the written row can tell. */
  readonly told: Set<number>;
  bytes: number;
  /** Parameters that its rows take as VALUES. */
  params: number;
}

export interface Plan {
  readonly chunks: readonly Chunk[];
  readonly lists: readonly KeyList[];
  /** The column, by index, by whose value a table's returned rows are told apart. */
  readonly identifiers: ReadonlyMap<PgTable, number>;
  /** Entries whose parents' keys are known only after this flight. */
  readonly later: readonly Entry[];
}

export interface PlanInput {
  /** In call order; a reference names an earlier entry, or one that is written. */
  readonly entries: readonly Entry[];
  /** The rows of each entry as text, see `encodeRows`. */
  readonly encoded: ReadonlyMap<Entry, readonly (readonly EncodedCell[])[]>;
  readonly facts: ReadonlyMap<PgTable, TableFacts | undefined>;
  readonly pointsAt: (table: PgTable) => Iterable<PgTable>;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** The client reads values of the type as they are, so that what it reads can be compared with what was sent. */
  readonly canParse: (typeOid: number) => boolean;
  /** The rows may still be named by a `ref()` after the flush: keys are taken where nobody has asked yet. */
  readonly mayBeNamed: (entry: Entry) => boolean;
}

/** A cell whose driver value is text already. */
export type EncodedCell = string | null | undefined | Reference | Expression;

/** Groups what can be written now into chunks, a table's parents before it. */
export function plan(given: PlanInput): Plan {
  const { now, later } = readyEntries(given);
  const isLone = now.length === 1 && now[0]?.rows.length === 1 && later.length === 0;
  const places = new Map(now.map((entry, place) => [entry, place]));
  const input = { ...given, isLone, places };
  const tables = groupByTable(now);
  const keys = new KeyLists();
  const identifiers = new Map<PgTable, number>();
  const chunks: Chunk[] = [];
  const all = [...tables.keys()];
  const levels = now.some((entry) => mayReadTables(entry, given.facts))
    ? [all]
    : commitOrder(all, input.pointsAt);
  for (const level of levels) {
    const planned = new Map(level.map((table) => [table, planTable(input, table, tables.get(table) ?? [])]));
    for (const [table, { identifier }] of planned) {
      if (identifier !== undefined) identifiers.set(table, identifier);
    }
    const [only] = level;
    const isCycle = level.length > 1;
    const entries = isCycle
      ? now.filter(({ shape }) => planned.has(shape.table))
      : (tables.get(only as PgTable) ?? []);
    const keepsOrder = isCycle || mustKeepOrder(input, entries, planned);
    let made = makeChunks(input, entries, planned, keepsOrder, keys);
    if (made.length > level.length && allocateForOrder(input, level, planned, made)) {
      keys.forget(entries);
      made = makeChunks(input, entries, planned, keepsOrder, keys);
    }
    for (const chunk of made) chunks.push(chunk);
  }
  return { chunks, lists: keys.all, identifiers, later };
}

/**
 * Splits off what has to wait for the answers of this flight: entries with a reference that only an answer can tell, and
 * of those behind them all that may need their rows without saying so.
 */
function readyEntries(given: PlanInput): { now: readonly Entry[]; later: readonly Entry[] } {
  const entries = parentsFirst(given.entries);
  const keepsCallOrder = entries.some((entry) => mayReadTables(entry, given.facts));
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

function groupByTable(entries: readonly Entry[]): Map<PgTable, Entry[]> {
  const tables = new Map<PgTable, Entry[]>();
  for (const entry of entries) getOrInsert(tables, entry.shape.table, () => []).push(entry);
  return tables;
}
