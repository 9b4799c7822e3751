/** The column by which rows that share a statement are told apart. Pure. */
import type { TableShape } from '../drizzle/table.ts';
import { columnFacts, type TableFacts } from '../facts/table-facts.ts';
import type { Entry } from '../take/entry.ts';
import { formOf, formsOf, Given } from '../take/form.ts';
import { encodedRows } from './encode-rows.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * A column that tells the table's rows apart by a text that is the same on both sides of the wire.
 *
 * Only integers and UUIDs in their canonical form qualify: other types come back changed (`'ab'` as `'ab  '`,
 * `1` as `1.00`), and RETURNING promises no order to go by instead.
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
        // Only uniqueness keeps the server from making a key that a caller has given.
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
