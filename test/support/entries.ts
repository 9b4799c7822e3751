import { Column, is, SQL, sql } from 'drizzle-orm';
import { PgDialect, type PgTable } from 'drizzle-orm/pg-core';
import type { ValueEncoder } from '../../src/driver/values.ts';
import type { SelectedField } from '../../src/drizzle/selected-field.ts';
import { foreignTables, tableShape } from '../../src/drizzle/table.ts';
import type { TableFacts } from '../../src/facts/table-facts.ts';
import { encodeRows } from '../../src/plan/encode-rows.ts';
import { type Plan, plan } from '../../src/plan/plan.ts';
import { declaredType, isCastFromDeclared } from '../../src/postgres-js/declared-type.ts';
import type { Conflict } from '../../src/take/conflict.ts';
import { type Cell, Entry, Reference } from '../../src/take/entry.ts';
import { type Form, formsOfTable } from '../../src/take/form.ts';
import { givenBy, lateReferences, renderSnapshot, type TakenRows, takeRows } from '../../src/take/rows.ts';
import { factsOf } from './facts.ts';

export const dialect = new PgDialect();

/** Close enough to the driver's own encoder for the values of these tests. */
export const encoder: ValueEncoder = {
  serialize: (value) => {
    if (value instanceof Date) return value.toISOString();
    return typeof value === 'object' ? JSON.stringify(value) : `${value}`;
  },
  untyped: (value) => {
    if (declaredType(value) && !Array.isArray(value)) return encoder.serialize(value, 0) ?? undefined;
    return typeof value === 'object' ? undefined : `${value}`;
  },
  textWriter: () => undefined,
  declaredType,
  isCastFromDeclared,
  undefinedIsNull: false,
};

export interface EntryOptions {
  readonly returning?: readonly (Column | SQL)[];
  /** The text after `on conflict`, alone or as `doNothing` and `doUpdate` make it. */
  readonly conflict?: SQL | Conflict;
  readonly overriding?: boolean;
  /** The size that `values()` would estimate; default none. */
  readonly bytes?: number;
}

/** The entry that `insert(table).values(values)` queues. */
export function entryOf(table: PgTable, values: object | object[], options: EntryOptions = {}): Entry {
  const rows = (Array.isArray(values) ? values : [values]) as Record<string, unknown>[];
  const taken = takeRows(tableShape(dialect, table), rows);
  if (!taken) throw new Error('placeholders are not queued');
  return entryOfTaken(table, taken, options);
}

/** The same for given cells, which need not fit their columns. */
export function entryOfCells(
  table: PgTable,
  rows: readonly (readonly Cell[])[],
  options: EntryOptions = {},
): Entry {
  const known = formsOfTable(tableShape(dialect, table));
  const forms = rows.map((row) => row.reduce<Form>((form, cell) => form.with(givenBy(cell)), known.empty));
  const cells = rows.flat();
  const references = cells.filter((cell) => cell instanceof Reference);
  const { bytes = 0 } = options;
  return entryOfTaken(table, { cells, forms, references, embedded: [], bytes }, options);
}

function entryOfTaken(table: PgTable, taken: TakenRows, options: EntryOptions): Entry {
  const { cells, forms, references, embedded, bytes } = taken;
  const shape = tableShape(dialect, table);
  const count = cells.length / shape.columns.length;
  const overriding = options.overriding ?? false;
  const entry = new Entry(shape, count, cells, forms, references, embedded, overriding, bytes);
  entry.returning = options.returning?.map(
    (field): SelectedField => ({ path: [field instanceof Column ? field.name : 'expression'], field }),
  );
  entry.conflict = is(options.conflict, SQL) ? conflictOf(options.conflict, {}) : options.conflict;
  if (entry.conflict) {
    entry.embed(lateReferences(entry.conflict));
  }
  return entry;
}

/** The conflict clause that `onConflictDoNothing()` gives an entry. */
export function doNothing(target: Column[] = [], where?: SQL): Conflict {
  const names = target.map(({ name }) => dialect.escapeName(name)).join(',');
  const condition = where && sql` where ${where}`;
  const clause = target.length === 0 ? sql`do nothing` : sql`(${sql.raw(names)})${condition} do nothing`;
  return conflictOf(clause, { target, isPartial: where !== undefined });
}

/** The conflict clause that `onConflictDoUpdate()` gives an entry; it sets one column. */
export function doUpdate(
  target: Column[],
  [assigned, value]: [Column, SQL],
  { targetWhere, setWhere }: { targetWhere?: SQL; setWhere?: SQL } = {},
): Conflict {
  const names = sql.raw(target.map(({ name }) => dialect.escapeName(name)).join(','));
  const [onlyIn, onlyIf] = [targetWhere, setWhere].map((condition) => condition && sql` where ${condition}`);
  const set = sql`set ${sql.identifier(assigned.name)} = ${value}`;
  return conflictOf(sql`(${names})${onlyIn} do update ${set}${onlyIf}`, {
    action: 'update',
    target,
    isPartial: targetWhere !== undefined,
    maySkip: setWhere !== undefined,
    assigned: new Set([assigned]),
  });
}

function conflictOf(clause: SQL, about: Partial<Conflict>): Conflict {
  const rendered = renderSnapshot(dialect, clause);
  if (!rendered) throw new Error('placeholders are not queued');
  const nothing = {
    clause,
    action: 'nothing' as const,
    target: [],
    isPartial: false,
    maySkip: true,
    assigned: new Set<Column>(),
  };
  return { ...rendered, ...nothing, ...about };
}

export interface PlanOptions {
  readonly maxRows?: number;
  readonly maxBytes?: number;
  readonly copyRows?: number;
  /** Facts from the catalog that differ from the tables' schema; `undefined` for a missing table. */
  readonly facts?: ReadonlyMap<PgTable, TableFacts | undefined>;
  /** Whether a `ref()` after the flush may refer to the rows; default no. */
  readonly mayBeNamed?: boolean;
  /**
   * Whether the client reads values unchanged, so that they can be compared with the sent ones; default yes.
   */
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
  const { encoded, rejected } = encodeRows(entries, facts, encoder);
  for (const error of rejected.values()) throw error;
  const pointsAt = (table: PgTable) => [...foreignTables(table), ...referredBy(entries, table)];
  const {
    maxRows = 10_000,
    maxBytes = 8 * 1024 * 1024,
    copyRows = 10_001,
    mayBeNamed = false,
    canParse = true,
  } = options;
  return plan({
    entries,
    encoded,
    facts,
    pointsAt,
    maxRows,
    maxBytes,
    copyRows,
    mayBeNamed: () => mayBeNamed,
    values: encoder,
    canParse: () => canParse,
  });
}

function referredBy(entries: readonly Entry[], table: PgTable): PgTable[] {
  return entries
    .filter(({ shape }) => shape.table === table)
    .flatMap(({ references }) => references.map((reference) => reference.origin.entry.shape.table));
}
