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
 */
export function findSentinelColumn(
  shape: TableShape,
  facts: TableFacts,
  { different, entries }: { readonly different: readonly Entry[]; readonly entries: readonly Entry[] },
  { encoded, canParse }: Pick<PlanInput, 'encoded' | 'canParse'>,
): number | undefined {
  const index = shape.columns.findIndex((_, column) => {
    const { keys, cast, base = 0, selectable } = columnFacts(facts, shape, column) ?? {};
    const target = shape.columns[column]?.column;
    const canonical = sentinelForms.get(cast ?? '');
    if (!canonical || !selectable || !canParse(base)) return false;
    if (different.every((entry) => leavesOut(entry, column))) return keys != null;
    const given = new Set<string>();
    return entries.every((entry) => {
      if (entry.conflict) return true;
      const { cells } = encodedRows(encoded, entry);
      for (let row = 0; row < entry.count; row++) {
        if (formOf(entry, row).columns[column] === Given.nothing) {
          if (keys == null) return false;
          continue;
        }
        // Without a unique constraint the server may make a key that another row gives.
        if (!target?.primary && !target?.isUnique) return false;
        const cell = cells[row * shape.columns.length + column];
        const text = typeof cell === 'number' ? String(cell) : cell;
        if (typeof text !== 'string' || !canonical.test(text) || given.has(text)) return false;
        given.add(text);
      }
      return true;
    });
  });
  return index === -1 ? undefined : index;
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
