import fc from 'fast-check';
import { type Row, rows, sharedRows, type TableName, violations } from './program-rows.ts';
import type { Conflict, Insert, Selection } from './programs.ts';

const rarely = fc.nat({ max: 11 }).map((number) => number === 11);
const selection = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Selection>('none', 'all', 'key', 'text', 'aliases') },
  fc.constant<Selection>('expressions'),
);
const form = { selection, single: fc.boolean(), executed: rarely, overriding: rarely, described: rarely };
const mostRows = { minLength: 1, maxLength: 3 };

/** An insert that PostgreSQL accepts, unless an earlier statement has failed. */
export function insertInto(tables: readonly TableName[]): fc.Arbitrary<Insert> {
  const plain = fc.oneof(...tables.map(plainInsert));
  const shared = tables.filter(isShared);
  if (shared.length === 0) return plain;
  const conflicting = fc.oneof(...shared.map((table) => conflictingInsert(table, anyConflict)));
  return fc.oneof({ weight: 6, arbitrary: plain }, { weight: 1, arbitrary: conflicting });
}

function plainInsert(table: TableName): fc.Arbitrary<Insert> {
  return fc.record({
    do: fc.constant('insert'),
    table: fc.constant(table),
    rows: fc.array(rows[table], mostRows),
    conflict: fc.constant('none'),
    ...form,
  });
}

/** Inserts into one table, most of them with the same conflict clause. */
export function conflictingInserts(tables: readonly TableName[]): fc.Arbitrary<Insert[]> | undefined {
  const shared = tables.filter(isShared);
  if (shared.length === 0) return undefined;
  return fc.tuple(fc.constantFrom(...shared), anyConflict).chain(([table, conflict]) => {
    const alike = conflictingInsert(table, fc.constant(conflict));
    const others = [plainInsert(table), conflictingInsert(table, anyConflict)];
    return fc.array(fc.oneof({ weight: 10, arbitrary: alike }, ...others), { minLength: 2, maxLength: 8 });
  });
}

type SharedTable = keyof typeof sharedRows;

const isShared = (table: TableName): table is SharedTable => table in sharedRows;
const anyConflict = fc.constantFrom<Conflict>('nothing', 'nothing at target', 'update', 'update where');

function conflictingInsert(table: SharedTable, conflict: fc.Arbitrary<Conflict>): fc.Arbitrary<Insert> {
  return fc.record({
    do: fc.constant('insert'),
    table: fc.constant(table),
    rows: fc.uniqueArray(sharedRows[table], { ...mostRows, selector: sharedValue }),
    conflict,
    ...form,
  });
}

/**
 * The shared value that identifies a row. A statement with ON CONFLICT DO UPDATE may not contain one row
 * twice.
 */
function sharedValue(row: Row): unknown {
  const shared = Object.values(row).find(({ is }) => is.startsWith('pool'));
  return shared && 'index' in shared ? shared.index : row;
}

/** An insert with one row that PostgreSQL refuses, into one of the tables if there is such a row. */
export function refusedInto(tables: readonly TableName[]): fc.Arbitrary<Insert> | undefined {
  const known = violations.filter(({ table }) => tables.includes(table));
  return known.length === 0 ? undefined : fc.oneof(...known.map(refused));
}

function refused({ table, columns, code }: (typeof violations)[number]): fc.Arbitrary<Insert> {
  const bad = Object.entries(columns).map(([name, value]) => [name, { is: 'literal', value }] as const);
  return fc.record<Insert>({
    do: fc.constant('insert'),
    table: fc.constant(table),
    rows: fc.tuple(fc.array(rows[table], mostRows), fc.nat({ max: 2 })).map(([given, among]) => {
      const index = among % given.length;
      return given.with(index, { ...given[index], ...Object.fromEntries(bad) } as Row);
    }),
    conflict: fc.constant('none'),
    ...form,
    code: fc.constant(code),
  });
}

/** An insert with one row that PostgreSQL refuses. */
export const refusedInsert: fc.Arbitrary<Insert> = fc.oneof(...violations.map(refused));
