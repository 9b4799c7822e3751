/** The column by which rows that share a statement are told apart. Pure. */
import type { TableShape } from './drizzle-facts.ts';
import type { Entry } from './entry.ts';
import type { PlanInput } from './plan.ts';
import { columnFacts, type TableFacts } from './table-facts.ts';

/**
 * A column that tells the table's rows apart by a text that is the same on both sides of the wire.
 *
 * Only integers and UUIDs in their canonical form qualify: other types come back changed (`'ab'` as `'ab  '`,
 * `1` as `1.00`), and RETURNING promises no order to go by instead.
 */
export function findIdentifier(
  shape: TableShape,
  facts: TableFacts,
  entries: readonly Entry[],
  { encoded, canParse }: Pick<PlanInput, 'encoded' | 'canParse'>,
): number | undefined {
  const index = shape.columns.findIndex((_, column) => {
    const { keys, cast, base = 0, selectable } = columnFacts(facts, shape, column) ?? {};
    const target = shape.columns[column]?.column;
    const canonical = canonicalForms.get(cast ?? '');
    if (!canonical || !selectable || !canParse(base)) return false;
    const given = new Set<string>();
    return entries.every((entry) =>
      encoded.get(entry)?.every((row, index) => {
        const cell = row[column];
        if (entry.rows[index]?.[column] === undefined) return keys != null;
        // Only uniqueness keeps the server from making a key that a caller has given.
        if (!target?.primary && !target?.isUnique) return false;
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
