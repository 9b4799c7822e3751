/**
 * What holds for all rows of a table in a flush: which keys are taken before the INSERTs, and who stands
 * alone. Pure.
 */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { SelectedField } from '../drizzle/selected-field.ts';
import type { TableShape } from '../drizzle/table.ts';
import { columnFacts, type TableFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import { type Form, formsOf, Given } from '../take/form.ts';
import { type ConflictKey, findConflictKey } from './conflict-key.ts';
import type { Planning } from './plan-input.ts';
import { distinctPlans } from './same-plan.ts';
import { findSentinelColumn } from './sentinel-column.ts';

export interface TablePlan {
  readonly facts: TableFacts | undefined;
  /** Columns, by index, whose left-out keys are taken before the INSERTs. */
  readonly allocated: Set<number>;
  readonly sentinelColumn: number | undefined;
  /** How to find the sources of written rows, for entries that may share a conflict clause. */
  readonly conflictKeys: ReadonlyMap<Entry, ConflictKey>;
  /** Columns of an entry, by index, that a reference names or may name later. */
  readonly nameableColumns: (entry: Entry) => ReadonlySet<number>;
  /** Cached answers about forms and selections, which many entries have in common. */
  readonly shareability: Shareability;
  /** COPY writes the rows: more than one INSERT takes, and their callers need only known values. */
  readonly isCopied: boolean;
}

/** The plan of a table, which exists for every table of the entries at hand. */
export function tablePlanOf(
  planned: ReadonlyMap<PgTable, TablePlan>,
  { table, name }: TableShape,
): TablePlan {
  const plan = planned.get(table);
  if (!plan) throw new Error(`table ${name} has not been planned`);
  return plan;
}

export interface Shareability {
  /** Whether rows of a form may share a statement. */
  readonly forms: Map<Form, boolean>;
  /** Whether a shared statement can return what the selection asks for. */
  readonly selections: Map<readonly SelectedField[], boolean>;
}

export function planTable(planning: Planning, table: PgTable, entries: readonly Entry[]): TablePlan {
  const { facts: allFacts, mayBeNamed, isLone } = planning;
  const facts = allFacts.get(table);
  const allocated = new Set<number>();
  const shape = entries[0]?.shape;
  const keyed = keyedColumns(shape, facts);
  const nameableColumns = (entry: Entry): ReadonlySet<number> => {
    if (!mayBeNamed(entry)) return entry.referencedColumns;
    return entry.referencedColumns.size === 0 ? keyed : new Set([...entry.referencedColumns, ...keyed]);
  };
  const shareability: Shareability = { forms: new Map(), selections: new Map() };
  const unplanned = {
    facts,
    allocated,
    sentinelColumn: undefined,
    conflictKeys: new Map(),
    nameableColumns,
    shareability,
    isCopied: false,
  };
  if (!shape || !facts?.plain) return unplanned;
  const different = distinctPlans(entries, planning.encoded);
  const sure = different.filter(({ conflict }) => !conflict);
  for (const entry of sure) {
    for (const column of nameableColumns(entry)) {
      // RETURNING provides the key of a row that is written by itself, without a key query.
      const isReturned = isLone && !facts.secured && columnFacts(facts, shape, column)?.selectable;
      if (!allocated.has(column) && canAllocate(facts, shape, column) && !isReturned) allocated.add(column);
    }
  }
  const rows = entries.reduce((sum, { conflict, count }) => (conflict ? sum : sum + count), 0);
  const sentinelColumn =
    rows > 1 && sure.some(({ returning }) => returning)
      ? findSentinelColumn(shape, facts, { different: sure, entries }, planning)
      : undefined;
  if (sentinelColumn !== undefined && canAllocate(facts, shape, sentinelColumn))
    allocated.add(sentinelColumn);
  const conflictKeys = findConflictKeys(different, facts, planning);
  for (const { columns } of conflictKeys.values()) {
    for (const column of columns) if (canAllocate(facts, shape, column)) allocated.add(column);
  }
  const isCopied = rows >= planning.copyRows && canCopy(different, shape, facts, sentinelColumn);
  return { ...unplanned, sentinelColumn, conflictKeys, isCopied };
}

/**
 * Whether COPY may write the entries. It has no RETURNING and no conflict clause, it fills GENERATED ALWAYS columns, and it
 * reads some values otherwise.
 */
function canCopy(
  entries: readonly Entry[],
  shape: TableShape,
  facts: TableFacts,
  sentinelColumn: number | undefined,
): boolean {
  if (facts.secured) return false;
  const key = sentinelColumn === undefined ? undefined : shape.columns[sentinelColumn]?.column;
  const inserted = [...shape.columns.keys()].filter((column) => {
    const { always, copyable } = columnFacts(facts, shape, column) ?? {};
    return always || copyable === false;
  });
  return entries.every((entry) => {
    const { length } = entry.returning ?? [undefined];
    const isKnown = length > 0 && (entry.returning?.every(({ field }) => field === key) ?? true);
    if (entry.conflict || !isKnown) return false;
    const forms = inserted.length === 0 ? [] : [...formsOf(entry)];
    return !forms.some(({ columns }) => inserted.some((column) => columns[column] !== Given.nothing));
  });
}

/** Needs two entries with a clause: one by itself is written by drizzle's own statement. */
function findConflictKeys(
  entries: readonly Entry[],
  facts: TableFacts,
  planning: Planning,
): ReadonlyMap<Entry, ConflictKey> {
  const clauses = entries.filter(({ conflict }) => conflict);
  if (clauses.length < 2) return new Map();
  return new Map(
    clauses.flatMap((entry) => {
      const conflictKey = findConflictKey(entry, facts, planning);
      return conflictKey ? [[entry, conflictKey]] : [];
    }),
  );
}

/** The columns, by index, whose keys the server makes, and RETURNING gives for any row. */
function keyedColumns(shape: TableShape | undefined, facts: TableFacts | undefined): ReadonlySet<number> {
  if (!shape || !facts || facts.secured || facts.ruled) return new Set();
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
