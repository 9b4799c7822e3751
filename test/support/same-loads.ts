import type { PgTable } from 'drizzle-orm/pg-core';
import { expect } from 'vitest';
import type { LoadOptions } from '../../src/index.ts';
import { driver, rowsOf } from './drivers/chosen.ts';
import { emptyTable, type Row, readTable, refusals, type SameRowsOptions, tell } from './same-rows.ts';
import type { SideBySide } from './side-by-side.ts';

/** Ways to load, by the statement that sends the rows. */
const ways: Record<string, LoadOptions> = {
  'by COPY': {},
  'by COPY, in chunks': { chunkRows: 3 },
  'by INSERT': { onConflict: 'nothing' },
};

/**
 * Loads rows in every way, including rows that are refused. Expects the same stored rows and the same
 * refusals as when plain drizzle inserts the rows one by one.
 *
 * @returns the refusals by plain drizzle: the class of a code, the class of an error, or `ok`
 */
export async function expectSameLoads(
  { plain, batched }: SideBySide,
  table: PgTable,
  rows: readonly Row[],
  { owner = plain, empty = emptyTable(table), stored = readTable(table) }: SameRowsOptions = {},
): Promise<unknown[]> {
  const read = async () => rowsOf(await owner.execute<{ row: string }>(stored)).map(({ row }) => row);
  await owner.execute(empty);
  const told = [];
  for (const row of rows) told.push(await tell(() => plain.insert(table).values(row as never)));
  const expected = { refused: refusals(told).map(classOf), stored: await read() };
  for (const [way, options] of Object.entries(ways)) {
    await owner.execute(empty);
    const refused: unknown[] = rows.map(() => 'ok');
    const report = await batched.load(table, rows as never, {
      ...options,
      onRowError: (_, index, { cause }) => {
        refused[index] = cause instanceof driver.DatabaseError ? classOf(cause.code) : whatIs(cause);
      },
    });
    expect({ refused, stored: await read() }, way).toEqual(expected);
    const written = refused.filter((each) => each === 'ok').length;
    expect(report, way).toMatchObject({ rows: written, skipped: rows.length - written });
  }
  return expected.refused;
}

/**
 * If a value is wrong in two ways, its code depends on which check comes first. So only the code's class is
 * compared.
 */
function classOf(code: unknown): unknown {
  return typeof code === 'string' && /^\d\w{4}$/.test(code) ? code.slice(0, 2) : code;
}

function whatIs(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  return code === 'UNDEFINED_VALUE' ? code : (error as Error).constructor.name;
}
