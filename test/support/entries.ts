import { Column, type SQL } from 'drizzle-orm';
import { PgDialect, type PgTable } from 'drizzle-orm/pg-core';
import { foreignTables, type SelectedField, tableShape } from '../../src/drizzle-facts.ts';
import type { Serialize } from '../../src/encode.ts';
import { encodeRows } from '../../src/encode-rows.ts';
import { Entry, type Row } from '../../src/entry.ts';
import { type Plan, plan } from '../../src/plan.ts';
import { lateReferences, renderSnapshot, type TakenRows, takeRows } from '../../src/rows.ts';
import type { TableFacts } from '../../src/table-facts.ts';
import { factsOf } from './facts.ts';

export const dialect = new PgDialect();

/** Near enough to the driver's own for values that tests use. */
export const serialize: Serialize = (value) =>
  value instanceof Date
    ? value.toISOString()
    : typeof value === 'object'
      ? JSON.stringify(value)
      : `${value}`;

export interface EntryOptions {
  readonly returning?: readonly (Column | SQL)[];
  /** What stands behind `on conflict`. */
  readonly conflict?: SQL;
  readonly overriding?: boolean;
}

/** The entry that `insert(table).values(values)` queues. */
export function entryOf(table: PgTable, values: object | object[], options: EntryOptions = {}): Entry {
  const rows = (Array.isArray(values) ? values : [values]) as Record<string, unknown>[];
  const taken = takeRows(dialect, tableShape(dialect, table), rows);
  if (!taken) throw new Error('placeholders are not queued');
  return entryOfTaken(table, taken, options);
}

/** The same of cells as they are, which need not suit their columns. */
export function entryOfCells(table: PgTable, rows: readonly Row[], options: EntryOptions = {}): Entry {
  return entryOfTaken(table, { rows, references: [], embedded: [], bytes: 0 }, options);
}

export function entryOfTaken(table: PgTable, taken: TakenRows, options: EntryOptions): Entry {
  const { rows, references, embedded, bytes } = taken;
  const describe = () => ({ sql: '', params: [] });
  const shape = tableShape(dialect, table);
  const entry = new Entry(shape, rows, references, embedded, options.overriding ?? false, bytes, describe);
  entry.returning = options.returning?.map(
    (field): SelectedField => ({ path: [field instanceof Column ? field.name : 'expression'], field }),
  );
  entry.conflict = options.conflict && renderSnapshot(dialect, options.conflict);
  if (entry.conflict) {
    const late = lateReferences(entry.conflict);
    entry.references.push(...late);
    entry.embedded.push(...late);
  }
  return entry;
}

export interface PlanOptions {
  readonly maxRows?: number;
  readonly maxBytes?: number;
  /** What the catalog says of tables, where it is not what their schema says; `undefined` for a missing table. */
  readonly facts?: ReadonlyMap<PgTable, TableFacts | undefined>;
  /** Rows may be named by a `ref()` that comes behind the flush; default no. */
  readonly mayBeNamed?: boolean;
  /** The client reads keys as they are; default yes. */
  readonly canParse?: boolean;
}

/** Encodes and plans entries as `flush` does. */
export function planOf(entries: readonly Entry[], options: PlanOptions = {}): Plan {
  const tables = new Set(entries.map(({ shape }) => shape.table));
  const facts = new Map(
    [...tables].map((table) => [
      table,
      options.facts?.has(table) ? options.facts.get(table) : factsOf(table),
    ]),
  );
  const { encoded, rejected } = encodeRows(entries, facts, serialize);
  for (const error of rejected.values()) throw error;
  const pointsAt = (table: PgTable) => [...foreignTables(table), ...referredBy(entries, table)];
  const { maxRows = 10_000, maxBytes = 8 * 1024 * 1024, mayBeNamed = false, canParse = true } = options;
  return plan({
    entries,
    encoded,
    facts,
    pointsAt,
    maxRows,
    maxBytes,
    mayBeNamed: () => mayBeNamed,
    canParse: () => canParse,
  });
}

function referredBy(entries: readonly Entry[], table: PgTable): PgTable[] {
  return entries
    .filter(({ shape }) => shape.table === table)
    .flatMap(({ references }) => references.map((reference) => reference.origin.entry.shape.table));
}
