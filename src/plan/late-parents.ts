/** Whether a row names by value a row that a later call inserts. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { Expression } from '../drizzle/render.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { Cell, Entry } from '../take/entry.ts';
import { formsOf, Given } from '../take/form.ts';
import type { PlanInput } from './plan-input.ts';
import { distinctPlans } from './same-plan.ts';

/**
 * Parents are written before children, which drizzle refuses if the calls come the other way round. It can be observed
 * only if the caller gives the parent's key: a key that the server makes can't be known before the parent is written.
 */
export function hasLateParents(
  entries: readonly Entry[],
  { facts, pointsAt, encoded }: Pick<PlanInput, 'facts' | 'pointsAt' | 'encoded'>,
): boolean {
  const different = distinctPlans(entries, encoded);
  const tables = new Set(different.map(({ shape }) => shape.table));
  const parents = new Set<PgTable>();
  for (const table of tables) {
    for (const parent of pointsAt(table)) if (parent !== table && tables.has(parent)) parents.add(parent);
  }
  const isNamed = ({ shape }: Entry, column: number) =>
    facts.get(shape.table)?.columns.get(shape.columns[column]?.name ?? '')?.referenced === true;
  const givesKey = (entry: Entry) =>
    parents.has(entry.shape.table) &&
    [...formsOf(entry)].some(({ columns }) =>
      columns.some((given, column) => given === Given.value && isNamed(entry, column)),
    );
  if (!different.some(givesKey)) return false;

  const keys = new Map<PgTable, Map<string, number>>();
  const lastGiven = new Map<PgTable, number>();
  for (const [place, entry] of entries.entries()) {
    if (!givesKey(entry)) continue;
    const ofTable = getOrInsert(keys, entry.shape.table, () => new Map<string, number>());
    lastGiven.set(entry.shape.table, place);
    const width = entry.shape.columns.length;
    for (const [index, cell] of entry.cells.entries()) {
      if (isValue(cell) && isNamed(entry, index % width)) ofTable.set(normalized(cell), place);
    }
  }
  return entries.some((entry, place) =>
    [...pointsAt(entry.shape.table)].some((parent) => {
      const given = parent === entry.shape.table ? undefined : keys.get(parent);
      if (!given) return false;
      // The value of an expression is not known here.
      const last = lastGiven.get(parent) ?? -1;
      const lastNamed = (cell: Cell) => (isValue(cell) ? (given.get(normalized(cell)) ?? -1) : -1);
      return entry.cells.some((cell) => (cell instanceof Expression ? last : lastNamed(cell)) > place);
    }),
  );
}

function isValue(cell: unknown): cell is string | number | bigint {
  return typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'bigint';
}

/**
 * Numbers and UUIDs that are equal for the server become equal; times, intervals and addresses in another form do not. Others may
 * become equal, too, which only keeps the order of the calls.
 */
function normalized(cell: string | number | bigint): string {
  const text = String(cell).trim().toLowerCase();
  const digits = text.replaceAll(/[-{}]/g, '');
  if (/^[\da-f]{32}$/.test(digits)) return digits;
  const number = Number(text);
  return Number.isNaN(number) ? text : String(number);
}
