import type { SelectedField } from '../drizzle/selected-field.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import type { TableShape } from '../drizzle/table.ts';
import { columnFacts, isRefused, type TableFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import { Form, Given } from '../take/form.ts';
import { encodedRows } from './encode-rows.ts';
import type { Planning } from './plan-input.ts';
import { canAllocate, type Shareability, type TablePlan } from './plan-table.ts';

/** Whether a shared statement could not treat the entry as if it were sent alone. */
export function mustStandAlone(
  entry: Entry,
  table: TablePlan,
  { isLone, encoded }: Pick<Planning, 'isLone' | 'encoded'>,
): boolean {
  const { facts, conflictKeys, shareability } = table;
  const { conflict, returning, shape } = entry;
  if (isLone || !facts?.plain || (conflict && !conflictKeys.has(entry))) return true;
  if (returning) {
    if (returning.length === 0) return true;
    if (!conflict && table.sentinelColumn === undefined) return true;
    let isServed = shareability.selections.get(returning);
    if (isServed === undefined) {
      isServed = selectsColumns(returning, shape, facts);
      shareability.selections.set(returning, isServed);
    }
    if (!isServed) return true;
  }
  const nameable = table.nameableColumns(entry);
  // A conflict clause may change the row, so only RETURNING has its values.
  if (conflict && !areSelectable(nameable, shape, facts)) return true;
  const { forms } = encodedRows(encoded, entry);
  if (forms instanceof Form) return !mayShare(forms, nameable, shape, facts, shareability);
  return [...new Set(forms)].some((form) => !mayShare(form, nameable, shape, facts, shareability));
}

function areSelectable(columns: ReadonlySet<number>, shape: TableShape, facts: TableFacts): boolean {
  for (const column of columns) if (!columnFacts(facts, shape, column)?.selectable) return false;
  return true;
}

/** @param nameable columns whose values must be known for each row */
function mayShare(
  form: Form,
  nameable: ReadonlySet<number>,
  shape: TableShape,
  facts: TableFacts,
  { forms }: Shareability,
): boolean {
  let isShareable = forms.get(form);
  if (isShareable === undefined) {
    isShareable = canShare(form, shape, facts);
    forms.set(form, isShareable);
  }
  if (!isShareable || nameable.size === 0) return isShareable;
  for (const column of nameable) {
    // A generated column is in no form.
    const given = form.columns[column] ?? Given.nothing;
    if (given === Given.nothing && !canAllocate(facts, shape, column)) return false;
  }
  return true;
}

/** Whether the selection consists of columns that the database has. */
function selectsColumns(
  selection: readonly SelectedField[],
  shape: TableShape,
  { columns }: TableFacts,
): boolean {
  return onlyColumns(selection) && selection.every(({ field }) => columns.has(shape.names.get(field) ?? ''));
}

/**
 * Whether rows of the form fit a shared statement. It takes no expressions, and needs types that it can name.
 */
function canShare({ columns }: Form, shape: TableShape, facts: TableFacts): boolean {
  return columns.every((given, column) => {
    if (given === Given.expression) return false;
    return given === Given.nothing ? !isRefused(facts, shape, column) : canCast(facts, shape, column);
  });
}

/**
 * Whether a statement may name the column's type. VALUES need not: a missing column fails there as it does in
 * drizzle.
 */
function canCast(facts: TableFacts, shape: TableShape, column: number): boolean {
  return columnFacts(facts, shape, column)?.castable ?? false;
}
