import { getTableColumns, sql } from 'drizzle-orm';
import * as pgCore from 'drizzle-orm/pg-core';
import { PgColumn, type PgColumnBuilder, type PgColumnBuilderBase, pgTable } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ColumnValues, columnValues } from '../support/column-values.ts';
import { driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { needsServer } from '../support/needs-server.ts';
import { expectSameLoads } from '../support/same-loads.ts';
import { type Row, refusals } from '../support/same-rows.ts';
import { type Columns, expectSameColumns, makeTable } from '../support/same-values.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

let sides: SideBySide;
/** Copies two or more rows. */
let copied: SideBySide;

beforeAll(async () => {
  const db = drizzle(database.client({ max: 1 }));
  await db.execute(sql`create type mood as enum ('fine', 'NULL', 'a "b"')`);
  for (const type of ['vector', 'halfvec', 'sparsevec']) await createType(db, type, 'vector');
  await createType(db, 'geometry', 'postgis');
  // The clients connect now, and read the array types.
  sides = sideBySide(database, {}, sql`select`);
  copied = sideBySide(database, { batch: { copyRows: 1 } }, sql`select`);
});

/**
 * Creates the type of an extension. If the server does not have it, creates a type of that name that accepts
 * every text.
 */
async function createType(db: PostgresJsDatabase, type: string, extension: string): Promise<void> {
  const [available] = rowsOf(
    await db.execute(sql`select from pg_available_extensions where name = ${extension}`),
  );
  const standIn = `create type ${type};
    create function ${type}_in(cstring) returns ${type} language internal immutable strict as 'textin';
    create function ${type}_out(${type}) returns cstring language internal immutable strict as 'textout';
    create type ${type} (input = ${type}_in, output = ${type}_out)`;
  await db.execute(sql.raw(available ? `create extension if not exists ${extension}` : standIn));
}

function builtColumn(column: unknown): PgColumn {
  return getTableColumns(pgTable('built', { v: column as never })).v;
}

function arrayOf(column: PgColumnBuilderBase): PgColumnBuilderBase {
  return (column as PgColumnBuilder).array() as unknown as PgColumnBuilderBase;
}

const cases = Object.entries(columnValues);

test('every column type of pg-core, in every mode, is among those tried', () => {
  const known = Object.entries(pgCore).filter(
    ([name, value]) =>
      name !== 'PgColumn' &&
      !/^(ExtraConfig|Indexed)/.test(name) &&
      Object.prototype.isPrototypeOf.call(PgColumn, value),
  );
  const tried = cases.map(([, { column }]) => builtColumn(column()).constructor.name);
  expect(new Set([...tried, 'PgArray', 'PgCustomColumn'])).toEqual(new Set(known.map(([name]) => name)));
});

/** Rows for a column of the type, for an array of it and for a nested array. A serial has no arrays. */
function casesOf(
  name: string,
  { column, type, values }: ColumnValues,
): { sqlType: string; columns: Columns; rows: Row[] } {
  const sqlType = type ?? builtColumn(column()).getSQLType();
  const ones = [...values, null, undefined].map((one) => ({ one }));
  if (/serial/.test(name)) return { sqlType, columns: { one: [column(), sqlType] }, rows: ones };
  const [first] = values;
  const rows = [
    ...ones,
    ...values.map((value) => ({ list: [value, null, value], nested: [[value], [first]] })),
    { list: [], nested: [] },
    { list: [null], nested: [[null, null]] },
    { nested: [[]] },
    { nested: [[first], [first, first]] },
    { list: 'no list' },
    { list: null, one: first },
  ];
  const columns: Columns = {
    one: [column(), sqlType],
    list: [arrayOf(column()), `${sqlType}[]`],
    nested: [arrayOf(arrayOf(column())), `${sqlType}[][]`],
  };
  return { sqlType, columns, rows };
}

describe('values, arrays of them and arrays of arrays are stored, returned and refused as in drizzle, of', () => {
  test.for(cases)('%s', async ([name, values], context) => {
    needsServer(values.since ?? 0, context);
    const { columns, rows } = casesOf(name, values);
    expect(refusals(await expectSameColumns(sides, columns, rows))).toContain('ok');
  });
});

describe('values, arrays of them and arrays of arrays are copied and refused as when drizzle inserts them, of', () => {
  test.for(cases)('%s', async ([name, values], context) => {
    needsServer(values.since ?? 0, context);
    const { columns, rows } = casesOf(name, values);
    expect(refusals(await expectSameColumns(copied, columns, rows))).toContain('ok');
  });
});

describe('values, arrays of them and arrays of arrays are loaded and refused as when drizzle inserts them, of', () => {
  test.for(cases)('%s', async ([name, values], context) => {
    needsServer(values.since ?? 0, context);
    const { sqlType, columns, rows } = casesOf(name, values);
    const { table, empty } = await makeTable(sides, columns);
    const loaded = rows.filter(({ one }) => !driver.isLoadedOtherwise(one, sqlType));
    const numbered = loaded.map((row, n) => ({ n, ...row }));
    expect(await expectSameLoads(sides, table, numbered, { empty })).toContain('ok');
  });
});
