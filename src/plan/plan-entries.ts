/** Entries → the plan of their next flight. A bad value rejects only its own caller's entry. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { FlushContext } from '../context.ts';
import type { Driver } from '../driver/driver.ts';
import { foreignTables } from '../drizzle/table.ts';
import type { FactsByTable } from '../facts/learn-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { Entry } from '../take/entry.ts';
import { encodeRows } from './encode-rows.ts';
import { type Plan, plan } from './plan.ts';

export interface PlannedEntries {
  readonly plan: Plan;
  /** Entries with values that can't be sent, or with a reference to a row that will not exist. */
  readonly rejected: ReadonlyMap<Entry, Error>;
}

/** @param scope `inside` if a later insert of the same transaction may refer to the rows */
export function planEntries(
  { driver, options }: FlushContext,
  entries: readonly Entry[],
  facts: FactsByTable,
  scope: 'inside' | 'last' | 'own',
): PlannedEntries {
  // Values that a transaction returned before it rolled back do not hold in the next one.
  for (let index = 0; index < entries.length; index++) entries[index]?.forgetValues();
  const { encoded, rejected } = encodeRows(entries, facts, driver.values);
  const valid = rejected.size === 0 ? entries : entries.filter((entry) => !rejected.has(entry));
  const planned = plan({
    entries: valid,
    encoded,
    facts,
    pointsAt: parentsAmong(valid, facts),
    // Callers mostly await an insert where they make it, and keep no object to call `ref()` on.
    mayBeNamed: ({ awaited }) => !awaited && scope === 'inside',
    values: driver.values,
    canParse: (type) => distinguishesKeys(driver.parser(type), type),
    ...options,
  });
  return { plan: planned, rejected };
}

const uuidType = 2950;

const uuids = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'];

/**
 * Whether two keys still differ as text after the client's parser. A custom parser may return objects that
 * look alike.
 */
function distinguishesKeys(parser: ReturnType<Driver['parser']>, type: number): boolean {
  if (!parser) return false;
  try {
    const texts = (type === uuidType ? uuids : ['1', '2']).map((key) => String(parser(key)));
    return texts[0] !== texts[1];
  } catch {
    return false;
  }
}

/** The parents of a table: by its foreign keys, and by the references of these entries. */
function parentsAmong(entries: readonly Entry[], facts: FactsByTable): (table: PgTable) => Iterable<PgTable> {
  const parents = new Map<PgTable, Set<PgTable>>();
  const parentsOf = (table: PgTable) =>
    getOrInsert(parents, table, () => new Set([...foreignTables(table), ...parentsByFacts(table, facts)]));
  for (let index = 0; index < entries.length; index++) {
    const { references, shape } = entries[index] as Entry;
    if (references.length === 0) continue;
    for (const { origin } of references) parentsOf(shape.table).add(origin.entry.shape.table);
  }
  return parentsOf;
}

/** Parents, among the tables of the flush, by foreign keys that only the database knows. */
function parentsByFacts(table: PgTable, facts: FactsByTable): PgTable[] {
  const oids = new Set(facts.get(table)?.parents);
  return [...facts].filter(([, other]) => other && oids.has(other.oid)).map(([parent]) => parent);
}
