/** What holds for all rows of a table in a flush: which keys are taken ahead, and who stands alone. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { isSubquery } from './conflict.ts';
import { onlyColumns, type TableShape } from './drizzle-facts.ts';
import { type Entry, Expression } from './entry.ts';
import { findIdentifier } from './identifier.ts';
import type { Chunk, EncodedCell, PlanInput } from './plan.ts';
import { findMatch, type Match } from './plan-conflict.ts';
import { columnFacts, isRefused, type TableFacts } from './table-facts.ts';

export interface Planning extends PlanInput {
  /** One row and nothing else: drizzle's own INSERT, whose RETURNING tells the key. */
  readonly isLone: boolean;
  /** The place of each entry among those that are written now. */
  readonly places: ReadonlyMap<Entry, number>;
}

export interface TablePlan {
  readonly facts: TableFacts | undefined;
  /** Columns whose left-out values are taken ahead, by index. */
  readonly allocated: Set<number>;
  readonly identifier: number | undefined;
  /** What finds the sources of the written rows of entries that may share a conflict clause. */
  readonly matches: ReadonlyMap<Entry, Match>;
  /** Columns of an entry that a reference names, or may name later, by index. */
  readonly named: (entry: Entry) => Iterable<number>;
}

export function planTable(planning: Planning, table: PgTable, entries: readonly Entry[]): TablePlan {
  const { facts: allFacts, mayBeNamed, isLone } = planning;
  const facts = allFacts.get(table);
  const allocated = new Set<number>();
  const shape = entries[0]?.shape;
  const named = (entry: Entry) =>
    mayBeNamed(entry) ? new Set([...entry.referenced, ...keyedColumns(shape, facts)]) : entry.referenced;
  if (!shape || !facts?.plain) return { facts, allocated, identifier: undefined, matches: new Map(), named };
  for (const entry of entries) {
    for (const column of entry.conflict ? [] : named(entry)) {
      // A row by itself can tell its key when it is written, without a key query.
      const isTold = isLone && !facts.secured && columnFacts(facts, shape, column)?.selectable;
      if (canAllocate(facts, shape, column) && !isTold) allocated.add(column);
    }
  }
  const sure = entries.filter(({ conflict }) => !conflict);
  const rows = sure.reduce((sum, entry) => sum + entry.rows.length, 0);
  const identifier =
    rows > 1 && sure.some((entry) => entry.returning)
      ? findIdentifier(shape, facts, sure, planning)
      : undefined;
  if (identifier !== undefined && canAllocate(facts, shape, identifier)) allocated.add(identifier);
  const matches = findMatches(entries, facts, planning);
  for (const { columns } of matches.values()) {
    for (const column of columns) if (canAllocate(facts, shape, column)) allocated.add(column);
  }
  return { facts, allocated, identifier, matches, named };
}

/** A clause that one entry alone has needs no match: its statement is drizzle's own. */
function findMatches(
  entries: readonly Entry[],
  facts: TableFacts,
  planning: Planning,
): ReadonlyMap<Entry, Match> {
  const clauses = entries.filter(({ conflict }) => conflict);
  if (clauses.length < 2) return new Map();
  return new Map(
    clauses.flatMap((entry) => {
      const match = findMatch(entry, facts, planning);
      return match ? [[entry, match]] : [];
    }),
  );
}

/** The columns whose keys the server makes and the role may see, by index. */
function keyedColumns(shape: TableShape | undefined, facts: TableFacts | undefined): Iterable<number> {
  if (!shape || !facts || facts.secured) return [];
  return [...shape.columns.keys()].filter((column) => {
    const { keys, selectable } = columnFacts(facts, shape, column) ?? {};
    return keys != null && selectable;
  });
}

export function canAllocate(facts: TableFacts | undefined, shape: TableShape, column: number): boolean {
  return facts?.plain === true && columnFacts(facts, shape, column)?.keys != null;
}

/** An entry that one statement with others could not serve as if it had been sent by itself. */
export function mustStandAlone(
  entry: Entry,
  rows: readonly (readonly EncodedCell[])[],
  table: TablePlan,
  isLone: boolean,
): boolean {
  const { facts, identifier } = table;
  const { returning, shape } = entry;
  if (isLone || !facts?.plain || (entry.conflict && !table.matches.has(entry))) return true;
  if (returning) {
    if ((!entry.conflict && identifier === undefined) || !onlyColumns(returning)) return true;
    if (returning.some(({ field }) => !facts.columns.has(shape.names.get(field) ?? ''))) return true;
  }
  const named = [...table.named(entry)];
  // Only the written row can tell what a conflict clause has made of it.
  if (entry.conflict && named.some((column) => !columnFacts(facts, shape, column)?.selectable)) return true;
  return rows.some(
    (row) =>
      row.some(
        (cell, column) =>
          cell instanceof Expression ||
          (cell === undefined ? isRefused(facts, shape, column) : !canCast(facts, shape, column)),
      ) || named.some((column) => row[column] === undefined && !canAllocate(facts, shape, column)),
  );
}

/** Whether a statement may name the column's type; VALUES need not, and fail as drizzle's do where it is not there. */
function canCast(facts: TableFacts, shape: TableShape, column: number): boolean {
  return columnFacts(facts, shape, column)?.castable ?? false;
}

/**
 * Whether writing the entry may read what the flush writes to other tables, by a subquery, or by a trigger or rule
 * that only the database knows: then every table keeps the order of the calls.
 */
export function mayReadTables(
  { shape, rows, conflict, returning }: Entry,
  facts: PlanInput['facts'],
): boolean {
  return (
    facts.get(shape.table)?.plain === false ||
    (conflict !== undefined && isSubquery(conflict)) ||
    (returning !== undefined && !onlyColumns(returning)) ||
    rows.some((row) => row.some((cell) => cell instanceof Expression && isSubquery(cell.rendered)))
  );
}

/** Whether the table draws keys that can't be taken ahead in the order of the calls: the statements' order is theirs. */
function drawsByItself({ columns }: TableFacts, shape: TableShape): boolean {
  const takable = new Set(shape.columns.map(({ name }) => name));
  return [...columns].some(([name, { draws, keys }]) => draws && (keys === null || !takable.has(name)));
}

/** Whether rows of the table may see one another, so that different statements may not change places. */
export function mustKeepOrder(
  { pointsAt, encoded }: PlanInput,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
): boolean {
  for (const [table, tablePlan] of planned) {
    for (const parent of pointsAt(table)) if (parent === table) return true;
    const shape = entries.find((entry) => entry.shape.table === table)?.shape;
    if (shape && tablePlan.facts && drawsByItself(tablePlan.facts, shape)) return true;
    if (
      entries.some(
        (entry) => entry.conflict || mustStandAlone(entry, encoded.get(entry) ?? [], tablePlan, false),
      )
    )
      return true;
  }
  return false;
}

/**
 * Rows that are written by several statements would take their default keys in the statements' order; taken
 * ahead they rise in the order of the calls.
 */
export function allocateForOrder(
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
