/** What holds for all rows of a table in a flush: which keys are taken ahead, and who stands alone. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { withoutAlike } from './alike.ts';
import type { Chunk } from './chunk.ts';
import { isSubquery } from './conflict.ts';
import { onlyColumns, type SelectedField } from './drizzle/selection.ts';
import type { TableShape } from './drizzle/table.ts';
import { encodedRows } from './encode-rows.ts';
import { type Entry, formsOf } from './entry.ts';
import { Expression } from './expression.ts';
import { Form, Given } from './form.ts';
import { findIdentifier } from './identifier.ts';
import type { PlanInput } from './plan.ts';
import { findMatch, type Match } from './plan-conflict.ts';
import { columnFacts, isRefused, type TableFacts } from './table-facts.ts';

export interface Planning extends PlanInput {
  /** One row and nothing else: drizzle's own INSERT, whose RETURNING tells the key. */
  readonly isLone: boolean;
  /** The place of an entry among those that are written now. */
  readonly placeOf: (entry: Entry) => number | undefined;
}

export interface TablePlan {
  readonly facts: TableFacts | undefined;
  /** Columns whose left-out values are taken ahead, by index. */
  readonly allocated: Set<number>;
  readonly identifier: number | undefined;
  /** What finds the sources of the written rows of entries that may share a conflict clause. */
  readonly matches: ReadonlyMap<Entry, Match>;
  /** Columns of an entry that a reference names, or may name later, by index. */
  readonly named: (entry: Entry) => ReadonlySet<number>;
  /** What was found out of forms and selections, which many entries have in common. */
  readonly sharing: Sharing;
  /** More rows than one INSERT has, of which nobody asks more than is known before: COPY writes them. */
  readonly isCopied: boolean;
}

interface Sharing {
  /** Whether rows of a form may share a statement. */
  readonly forms: Map<Form, boolean>;
  /** Whether an answer that several share can be told apart, and serves the selection. */
  readonly selections: Map<readonly SelectedField[], boolean>;
}

export function planTable(planning: Planning, table: PgTable, entries: readonly Entry[]): TablePlan {
  const { facts: allFacts, mayBeNamed, isLone } = planning;
  const facts = allFacts.get(table);
  const allocated = new Set<number>();
  const shape = entries[0]?.shape;
  const keyed = keyedColumns(shape, facts);
  const named = (entry: Entry): ReadonlySet<number> => {
    if (!mayBeNamed(entry)) return entry.referenced;
    return entry.referenced.size === 0 ? keyed : new Set([...entry.referenced, ...keyed]);
  };
  const sharing: Sharing = { forms: new Map(), selections: new Map() };
  const unplanned = {
    facts,
    allocated,
    identifier: undefined,
    matches: new Map(),
    named,
    sharing,
    isCopied: false,
  };
  if (!shape || !facts?.plain) return unplanned;
  const different = withoutAlike(entries, planning.encoded);
  const sure = different.filter(({ conflict }) => !conflict);
  for (const entry of sure) {
    for (const column of named(entry)) {
      // A row by itself can tell its key when it is written, without a key query.
      const isTold = isLone && !facts.secured && columnFacts(facts, shape, column)?.selectable;
      if (!allocated.has(column) && canAllocate(facts, shape, column) && !isTold) allocated.add(column);
    }
  }
  const rows = entries.reduce((sum, { conflict, count }) => (conflict ? sum : sum + count), 0);
  const identifier =
    rows > 1 && sure.some(({ returning }) => returning)
      ? findIdentifier(shape, facts, { different: sure, entries }, planning)
      : undefined;
  if (identifier !== undefined && canAllocate(facts, shape, identifier)) allocated.add(identifier);
  const matches = findMatches(different, facts, planning);
  for (const { columns } of matches.values()) {
    for (const column of columns) if (canAllocate(facts, shape, column)) allocated.add(column);
  }
  const isCopied = rows >= planning.copyRows && canCopy(different, shape, facts, identifier);
  return { ...unplanned, identifier, matches, isCopied };
}

/** COPY returns nothing, knows no conflict clause, and gives any value to a column that is GENERATED ALWAYS. */
function canCopy(
  entries: readonly Entry[],
  shape: TableShape,
  facts: TableFacts,
  identifier: number | undefined,
): boolean {
  if (facts.secured) return false;
  const key = shape.columns[identifier ?? -1]?.column;
  const always = [...shape.columns.keys()].filter((column) => columnFacts(facts, shape, column)?.always);
  return entries.every((entry) => {
    const { length } = entry.returning ?? [undefined];
    const isKnown = length > 0 && (entry.returning?.every(({ field }) => field === key) ?? true);
    if (entry.conflict || !isKnown) return false;
    const forms = always.length === 0 ? [] : [...formsOf(entry)];
    return !forms.some(({ columns }) => always.some((column) => columns[column] !== Given.nothing));
  });
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
function keyedColumns(shape: TableShape | undefined, facts: TableFacts | undefined): ReadonlySet<number> {
  if (!shape || !facts || facts.secured) return new Set();
  return new Set(
    [...shape.columns.keys()].filter((column) => {
      const { keys, selectable } = columnFacts(facts, shape, column) ?? {};
      return keys != null && selectable;
    }),
  );
}

export function canAllocate(facts: TableFacts | undefined, shape: TableShape, column: number): boolean {
  return facts?.plain === true && columnFacts(facts, shape, column)?.keys != null;
}

/** An entry that one statement with others could not serve as if it had been sent by itself. */
export function mustStandAlone(
  entry: Entry,
  table: TablePlan,
  { isLone, encoded }: Pick<Planning, 'isLone' | 'encoded'>,
): boolean {
  const { facts, matches, sharing } = table;
  const { conflict, returning, shape } = entry;
  if (isLone || !facts?.plain || (conflict && !matches.has(entry))) return true;
  if (returning) {
    if (!conflict && table.identifier === undefined) return true;
    let isServed = sharing.selections.get(returning);
    if (isServed === undefined) {
      isServed = selectsColumns(returning, shape, facts);
      sharing.selections.set(returning, isServed);
    }
    if (!isServed) return true;
  }
  const named = table.named(entry);
  // Only the written row can tell what a conflict clause has made of it.
  if (conflict && !areSelectable(named, shape, facts)) return true;
  const { forms } = encodedRows(encoded, entry);
  if (forms instanceof Form) return !mayShare(forms, named, shape, facts, sharing);
  return [...new Set(forms)].some((form) => !mayShare(form, named, shape, facts, sharing));
}

function areSelectable(columns: ReadonlySet<number>, shape: TableShape, facts: TableFacts): boolean {
  for (const column of columns) if (!columnFacts(facts, shape, column)?.selectable) return false;
  return true;
}

/** @param named columns whose values must be known of each row */
function mayShare(
  form: Form,
  named: ReadonlySet<number>,
  shape: TableShape,
  facts: TableFacts,
  { forms }: Sharing,
): boolean {
  let isSayable = forms.get(form);
  if (isSayable === undefined) {
    isSayable = canShare(form, shape, facts);
    forms.set(form, isSayable);
  }
  if (!isSayable || named.size === 0) return isSayable;
  for (const column of named)
    if (form.columns[column] === Given.nothing && !canAllocate(facts, shape, column)) return false;
  return true;
}

/** Whether a selection names nothing but columns that the table has. */
function selectsColumns(
  selection: readonly SelectedField[],
  shape: TableShape,
  { columns }: TableFacts,
): boolean {
  return onlyColumns(selection) && selection.every(({ field }) => columns.has(shape.names.get(field) ?? ''));
}

/** Whether rows of a form can be said by a statement that many share: no expressions, and types that can be named. */
function canShare({ columns }: Form, shape: TableShape, facts: TableFacts): boolean {
  return columns.every((given, column) => {
    if (given === Given.expression) return false;
    return given === Given.nothing ? !isRefused(facts, shape, column) : canCast(facts, shape, column);
  });
}

/** Whether a statement may name the column's type; VALUES need not, and fail as drizzle's do where it is not there. */
function canCast(facts: TableFacts, shape: TableShape, column: number): boolean {
  return columnFacts(facts, shape, column)?.castable ?? false;
}

/**
 * Whether writing the entry may read what the flush writes to other tables, by a subquery, or by a trigger or rule
 * that only the database knows: then every table keeps the order of the calls.
 */
export function mayReadTables(entry: Entry, facts: PlanInput['facts']): boolean {
  const { shape, cells, conflict, returning } = entry;
  if (facts.get(shape.table)?.plain === false) return true;
  if (conflict && isSubquery(conflict)) return true;
  if (returning && returning !== shape.selection && !onlyColumns(returning)) return true;
  const { forms } = entry;
  const hasExpression =
    forms instanceof Form ? forms.hasExpression : forms.some((form) => form.hasExpression);
  return hasExpression && cells.some((cell) => cell instanceof Expression && isSubquery(cell.rendered));
}

/** Whether the table draws keys that can't be taken ahead in the order of the calls: the statements' order is theirs. */
function drawsByItself({ columns }: TableFacts, shape: TableShape): boolean {
  const takable = new Set(shape.columns.map(({ name }) => name));
  return [...columns].some(([name, { draws, keys }]) => draws && (keys === null || !takable.has(name)));
}

/** Whether rows of the table may see one another, so that different statements may not change places. */
export function mustKeepOrder(
  planning: Planning,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
): boolean {
  const different = withoutAlike(entries, planning.encoded);
  const shapes = new Set(different.map(({ shape }) => shape));
  for (const shape of shapes) {
    for (const parent of planning.pointsAt(shape.table)) if (parent === shape.table) return true;
    const facts = planned.get(shape.table)?.facts;
    if (facts && drawsByItself(facts, shape)) return true;
  }
  const shared = { ...planning, isLone: false };
  return different.some((entry) => {
    const table = planned.get(entry.shape.table);
    return table !== undefined && (entry.conflict || mustStandAlone(entry, table, shared));
  });
}

/**
 * Rows that are written by several statements would take their default keys in the statements' order; taken
 * ahead they rise in the order of the calls.
 */
export function allocateForOrder(
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
    const forms = new Set(own.flatMap((chunk) => [...chunk.forms]));
    for (const column of shape.columns.keys()) {
      const isLeftOut = [...forms].some(({ columns }) => columns[column] === Given.nothing);
      if (!isLeftOut || allocated.has(column) || !canAllocate(facts, shape, column)) continue;
      allocated.add(column);
      added = true;
    }
  }
  return added;
}
