/** The column that matches returned rows with the rows sent (SQLAlchemy's term). Pure. */
import type { TableShape } from '../drizzle/table.ts';
import { columnFacts, type TableFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import { formOf, formsOf, Given } from '../take/form.ts';
import { encodedRows } from './encode-rows.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * Finds a column whose text is unique among the rows and equal on both sides of the wire.
 *
 * Only integers and UUIDs in their canonical form qualify. Other types come back changed: `'ab'` as `'ab  '`,
 * `1` as `1.00`. RETURNING guarantees no order, so the order can't replace the column.
 *
 * A key comes first, which may be known before the rows are written. Any column will do that every row gives.
 */
export function findSentinelColumn(
  shape: TableShape,
  facts: TableFacts,
  { different, entries }: { readonly different: readonly Entry[]; readonly entries: readonly Entry[] },
  { encoded, canParse }: Pick<PlanInput, 'encoded' | 'canParse'>,
): number | undefined {
  const suitable = [...shape.columns.keys()].filter((column) => {
    const { cast, base = 0, selectable } = columnFacts(facts, shape, column) ?? {};
    return sentinelForms.has(cast ?? '') && selectable && canParse(base);
  });
  const isKey = (column: number): boolean => {
    const isMade = columnFacts(facts, shape, column)?.keys != null;
    if (different.every((entry) => leavesOut(entry, column))) return isMade;
    // Without a unique constraint the server may make a key that another row gives.
    const { primary, isUnique } = shape.columns[column]?.column ?? {};
    return (primary || isUnique) === true && areDistinct(column, isMade);
  };
  const areDistinct = (column: number, mayLeaveOut: boolean): boolean => {
    const canonical = sentinelForms.get(columnFacts(facts, shape, column)?.cast ?? '');
    const given = new Set<string>();
    return entries.every((entry) => {
      if (entry.conflict) return true;
      const { cells } = encodedRows(encoded, entry);
      for (let row = 0; row < entry.count; row++) {
        if (formOf(entry, row).columns[column] === Given.nothing) {
          if (!mayLeaveOut) return false;
          continue;
        }
        const cell = cells[row * shape.columns.length + column];
        const text = typeof cell === 'number' ? String(cell) : cell;
        if (typeof text !== 'string' || !canonical?.test(text) || given.has(text)) return false;
        given.add(text);
      }
      return true;
    });
  };
  return suitable.find(isKey) ?? suitable.find((column) => areDistinct(column, false));
}

function leavesOut(entry: Entry, column: number): boolean {
  for (const { columns } of formsOf(entry)) if (columns[column] !== Given.nothing) return false;
  return true;
}

const integer = /^(0|-?[1-9]\d*)$/;

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const sentinelForms: ReadonlyMap<string, RegExp> = new Map([
  ['pg_catalog.int2', integer],
  ['pg_catalog.int4', integer],
  ['pg_catalog.int8', integer],
  ['pg_catalog.uuid', uuid],
]);
