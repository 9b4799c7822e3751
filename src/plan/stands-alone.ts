import { onlyColumns, type SelectedField } from '../drizzle/selection.ts';
import type { TableShape } from '../drizzle/table.ts';
import { columnFacts, isRefused, type TableFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import { Form, Given } from '../take/form.ts';
import { encodedRows } from './encode-rows.ts';
import type { Planning } from './plan-input.ts';
import { canAllocate, type Sharing, type TablePlan } from './plan-table.ts';

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
