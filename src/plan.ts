/** Entries → ordered chunks, each of which is one INSERT. Pure. */
import type { Column } from 'drizzle-orm';
import { Column as ColumnClass, is } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { commitOrder } from './commit-order.ts';
import type { SelectedField, TableShape } from './drizzle-facts.ts';
import { type Cell, type Entry, Expression } from './entry.ts';
import { getOrInsert } from './get-or-insert.ts';
import { Reference, unresolved } from './reference.ts';
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

/** The rows of one statement. */
export interface Chunk {
  readonly shape: TableShape;
  readonly facts: TableFacts | undefined;
  readonly rows: PlannedRow[];
  /** Holds one entry and nothing else, so that its answer needs no pairing. */
  readonly alone: boolean;
  /** Columns, by index, that a reference waits for and only the written row can tell. */
  readonly told: Set<number>;
  bytes: number;
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
  /** The rows may still be named by a `ref()` after the flush: keys are taken where nobody has asked yet. */
  readonly mayBeNamed: (entry: Entry) => boolean;
}

/** A cell whose driver value is text already. */
export type EncodedCell = string | null | undefined | Reference | Expression;

interface Planning extends PlanInput {
  /** One row and nothing else: drizzle's own INSERT, whose RETURNING tells the key. */
  readonly isLone: boolean;
}

export function plan(given: PlanInput): Plan {
  const { now, later } = readyEntries(given);
  const input: Planning = {
    ...given,
    isLone: now.length === 1 && now[0]?.rows.length === 1 && later.length === 0,
  };
  const tables = groupByTable(now);
  const lists: KeyList[] = [];
  const identifiers = new Map<PgTable, number>();
  const places = new Map<Entry, Map<number, KeyPlace[]>>();
  const chunks: Chunk[] = [];

  for (const level of commitOrder([...tables.keys()], input.pointsAt)) {
    const entries = level.length === 1 ? (tables.get(level[0] as PgTable) ?? []) : inCallOrder(now, level);
    const planned = new Map(
      level.map((table) => [table, planTable(input, table, tables.get(table) ?? [], identifiers)]),
    );
    const strict = level.length > 1 || mustKeepOrder(input, entries, planned);
    let made = makeChunks(input, entries, planned, strict, lists, places);
    if (made.length > level.length && allocateForOrder(input, level, planned, made)) {
      undo(lists, places, entries);
      made = makeChunks(input, entries, planned, strict, lists, places);
    }
    chunks.push(...made);
  }
  return { chunks, lists, identifiers, later };
}

/** Splits off what has to wait: entries whose references only a later answer can tell. */
function readyEntries({ entries, facts }: PlanInput): { now: Entry[]; later: Entry[] } {
  const now: Entry[] = [];
  const later: Entry[] = [];
  const ready = new Set<Entry>();
  for (const entry of entries) {
    const isReady = entry.references.every((reference) => {
      // A reference that was text when the rows were encoded needs no key.
      if (reference.value() !== undefined) return true;
      const { entry: parent, column } = reference.source();
      return ready.has(parent) && canAllocate(facts.get(parent.shape.table), parent.shape, column);
    });
    if (isReady) ready.add(entry);
    (isReady ? now : later).push(entry);
  }
  return { now, later };
}

function groupByTable(entries: readonly Entry[]): Map<PgTable, Entry[]> {
  const tables = new Map<PgTable, Entry[]>();
  for (const entry of entries) {
    const list = tables.get(entry.shape.table);
    if (list) list.push(entry);
    else tables.set(entry.shape.table, [entry]);
  }
  return tables;
}

function inCallOrder(entries: readonly Entry[], tables: readonly PgTable[]): Entry[] {
  return entries.filter((entry) => tables.includes(entry.shape.table));
}

interface TablePlan {
  readonly facts: TableFacts | undefined;
  /** Columns whose left-out values are taken ahead, by index. */
  readonly allocated: Set<number>;
  readonly identifier: number | undefined;
  /** Columns of an entry that a reference names, or may name later, by index. */
  readonly named: (entry: Entry) => Iterable<number>;
}

function planTable(
  { encoded, facts: allFacts, mayBeNamed, isLone }: Planning,
  table: PgTable,
  entries: readonly Entry[],
  identifiers: Map<PgTable, number>,
): TablePlan {
  const facts = allFacts.get(table);
  const allocated = new Set<number>();
  const shape = entries[0]?.shape;
  const named = (entry: Entry) => (mayBeNamed(entry) ? keyedColumns(shape, facts) : entry.referenced);
  if (!shape || !facts?.plain) return { facts, allocated, identifier: undefined, named };
  for (const entry of entries) {
    for (const column of named(entry)) {
      // A row by itself can tell its key when it is written, without a key query.
      const isTold = isLone && !facts.secured && columnFacts(facts, shape, column)?.selectable;
      if (canAllocate(facts, shape, column) && !isTold) allocated.add(column);
    }
  }
  const rows = entries.reduce((sum, entry) => sum + entry.rows.length, 0);
  const identifier =
    rows > 1 && entries.some((entry) => entry.returning)
      ? findIdentifier(shape, facts, entries, encoded)
      : undefined;
  if (identifier !== undefined) {
    identifiers.set(table, identifier);
    if (canAllocate(facts, shape, identifier)) allocated.add(identifier);
  }
  return { facts, allocated, identifier, named };
}

/** The columns whose keys the server makes and the role may see, by index. */
function keyedColumns(shape: TableShape | undefined, facts: TableFacts | undefined): Iterable<number> {
  if (!shape || !facts || facts.secured) return [];
  return [...shape.columns.keys()].filter((column) => {
    const { keys, selectable } = columnFacts(facts, shape, column) ?? {};
    return keys != null && selectable;
  });
}

function canAllocate(facts: TableFacts | undefined, shape: TableShape, column: number): boolean {
  return facts?.plain === true && columnFacts(facts, shape, column)?.keys != null;
}

export function columnFacts(
  facts: TableFacts | undefined,
  shape: TableShape,
  column: number,
): ColumnFacts | undefined {
  return facts?.columns.get(shape.columns[column]?.name ?? '');
}

/**
 * A column that tells the table's rows apart by a text that is the same on both sides of the wire.
 *
 * Only integers and UUIDs in their canonical form qualify: other types come back changed (`'ab'` as `'ab  '`,
 * `1` as `1.00`), and RETURNING promises no order to go by instead.
 */
function findIdentifier(
  shape: TableShape,
  facts: TableFacts,
  entries: readonly Entry[],
  encoded: PlanInput['encoded'],
): number | undefined {
  const index = shape.columns.findIndex((_, column) => {
    const { keys, cast, selectable } = columnFacts(facts, shape, column) ?? {};
    const canonical = canonicalForms.get(cast ?? '');
    if (!canonical || !selectable || (!keys && !shape.columns[column]?.column.primary)) return false;
    const given = new Set<string>();
    return entries.every((entry) =>
      encoded.get(entry)?.every((row) => {
        const cell = row[column];
        if (cell === undefined) return keys != null;
        if (typeof cell !== 'string' || !canonical.test(cell) || given.has(cell)) return false;
        given.add(cell);
        return true;
      }),
    );
  });
  return index === -1 ? undefined : index;
}

const integer = /^(0|-?[1-9]\d*)$/;
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const canonicalForms: ReadonlyMap<string, RegExp> = new Map([
  ['pg_catalog.int2', integer],
  ['pg_catalog.int4', integer],
  ['pg_catalog.int8', integer],
  ['pg_catalog.uuid', uuid],
]);

/** An entry that one statement with others could not serve as if it had been sent by itself. */
function mustStandAlone(entry: Entry, table: TablePlan, isLone: boolean): boolean {
  return (
    isLone ||
    !table.facts?.plain ||
    entry.conflict !== undefined ||
    (entry.returning !== undefined && (table.identifier === undefined || !onlyColumns(entry.returning))) ||
    entry.rows.some((row) => row.some((cell) => cell instanceof Expression))
  );
}

export function onlyColumns(
  selection: readonly SelectedField[],
): selection is readonly (SelectedField & { readonly field: Column })[] {
  return selection.every(({ field }) => is(field, ColumnClass));
}

/** Whether rows of the table may see one another, so that different statements may not change places. */
function mustKeepOrder(
  { pointsAt }: PlanInput,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
): boolean {
  for (const [table, tablePlan] of planned) {
    for (const parent of pointsAt(table)) if (parent === table) return true;
    if (entries.some((entry) => mustStandAlone(entry, tablePlan, false))) return true;
  }
  return false;
}

/**
 * Rows that are written by several statements would take their default keys in the statements' order; taken
 * ahead they rise in the order of the calls.
 */
function allocateForOrder(
  { encoded }: PlanInput,
  level: readonly PgTable[],
  planned: ReadonlyMap<PgTable, TablePlan>,
  chunks: readonly Chunk[],
): boolean {
  let added = false;
  for (const table of level) {
    const own = chunks.filter((chunk) => chunk.shape.table === table);
    const { facts, allocated } = planned.get(table) ?? {};
    const shape = own[0]?.shape;
    if (own.length < 2 || !shape || !facts?.plain || !allocated) continue;
    for (const column of shape.columns.keys()) {
      const isLeftOut = own.some((chunk) =>
        chunk.rows.some(({ entry, row }) => encoded.get(entry)?.[row]?.[column] === undefined),
      );
      if (!isLeftOut || allocated.has(column) || !canAllocate(facts, shape, column)) continue;
      allocated.add(column);
      added = true;
    }
  }
  return added;
}

function undo(
  lists: KeyList[],
  places: Map<Entry, Map<number, KeyPlace[]>>,
  entries: readonly Entry[],
): void {
  const tables = new Set(entries.map((entry) => entry.shape.table));
  lists.splice(0, lists.length, ...lists.filter((list) => !tables.has(list.shape.table)));
  for (const entry of entries) places.delete(entry);
}

function makeChunks(
  { encoded, maxRows, maxBytes, isLone }: Planning,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
  strict: boolean,
  lists: KeyList[],
  places: Map<Entry, Map<number, KeyPlace[]>>,
): Chunk[] {
  const chunks: Chunk[] = [];
  const open = new Map<string, Chunk>();
  const filling = new Map<string, KeyList>();
  let previous = '';
  for (const [number, entry] of entries.entries()) {
    const { shape } = entry;
    const table = planned.get(shape.table);
    if (!table) continue;
    const alone = mustStandAlone(entry, table, isLone);
    // Rows that share a statement are told apart by their keys, so that theirs are known anyway.
    const named = alone ? [...table.named(entry)] : [];
    const tableNumber = [...planned.keys()].indexOf(shape.table);
    for (const [row, cells] of (encoded.get(entry) ?? []).entries()) {
      const resolved = cells.map((cell, column) => {
        if (cell instanceof Reference) return resolve(cell, places);
        if (cell !== undefined || !table.allocated.has(column)) return cell;
        return allocate(entry, column, row, table, `${tableNumber}.${column}`, filling, lists, places);
      });
      const kind = alone ? `alone ${number}` : `${tableNumber} ${kindOf(entry, cells, table)}`;
      if (strict && kind !== previous) open.clear();
      previous = kind;
      let chunk = open.get(kind);
      if (!chunk) {
        chunk = { shape, facts: table.facts, rows: [], alone, told: new Set(), bytes: 0 };
        chunks.push(chunk);
        open.set(kind, chunk);
      }
      chunk.rows.push({ entry, row, cells: resolved });
      for (const column of named) if (resolved[column] === undefined) chunk.told.add(column);
      chunk.bytes += entry.bytes / entry.rows.length;
      // The statement of an entry that stands alone is plain drizzle's, whatever its size.
      if (!alone && (chunk.rows.length >= maxRows || chunk.bytes >= maxBytes)) {
        open.delete(kind);
        // Lists that end with their chunk are used whole; others would be parsed once for each chunk.
        filling.clear();
      }
    }
  }
  return chunks;
}

/** Rows of one kind can be said by one statement. */
function kindOf(entry: Entry, cells: readonly Cell[], { facts, allocated }: TablePlan): string {
  let kind = `${entry.overriding ? 'o' : ''}${facts?.secured && entry.returning ? 'r' : ''} `;
  for (const [column, cell] of cells.entries()) {
    const isAlways = columnFacts(facts, entry.shape, column)?.always === true;
    // A value given for GENERATED ALWAYS must fail, so it can't share the OVERRIDING of allocated keys.
    if (cell !== undefined) kind += isAlways ? 'g' : 'v';
    else if (allocated.has(column)) kind += isAlways ? 'k' : 'v';
    else kind += '-';
  }
  return kind;
}

function allocate(
  entry: Entry,
  column: number,
  row: number,
  { facts }: TablePlan,
  key: string,
  filling: Map<string, KeyList>,
  lists: KeyList[],
  places: Map<Entry, Map<number, KeyPlace[]>>,
): KeyPlace | undefined {
  const known = columnFacts(facts, entry.shape, column);
  if (!known) return undefined;
  let list = filling.get(key);
  if (!list) {
    list = { name: `k${lists.length}`, shape: entry.shape, column, facts: known, size: 0 };
    filling.set(key, list);
    lists.push(list);
  }
  const place = { list, position: ++list.size };
  const columns = getOrInsert(places, entry, () => new Map<number, KeyPlace[]>());
  getOrInsert(columns, column, () => [])[row] = place;
  return place;
}

function resolve(reference: Reference, places: Map<Entry, Map<number, KeyPlace[]>>): KeyPlace {
  const source = reference.source();
  const place = places.get(source.entry)?.get(source.column)?.[source.row];
  // Nothing in its stead would be the column's default: a child without its parent, and no error.
  if (!place) throw unresolved(reference);
  return place;
}
