import { DrizzleQueryError, type SQL, sql } from 'drizzle-orm';
import { integer, type PgTable, pgSchema } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { expect } from 'vitest';
import { driver, rowsOf } from './drivers/chosen.ts';
import { manyEntries } from './many-entries.ts';
import type { SideBySide } from './side-by-side.ts';

export type Row = Record<string, unknown>;

/** The outcome for one caller: the rows, or the properties of the error that a handler can read. */
export type Told = { readonly got: unknown } | { readonly error: readonly unknown[] };

/** The outcomes for the callers of one way to write rows, and the rows of the table afterwards, as text. */
interface Written {
  readonly told: readonly Told[];
  readonly stored: readonly string[];
}

type Db = Pick<PostgresJsDatabase, 'insert'>;
type WriteRow = (db: Db, table: PgTable, row: Row | Row[]) => PromiseLike<unknown>;
type Write = (db: PostgresJsDatabase, table: PgTable, rows: readonly Row[]) => Promise<readonly Told[]>;

interface Form {
  readonly write: WriteRow;
  /** Ways to write several rows together. */
  readonly together: Record<string, (write: WriteRow) => Write>;
}

const group =
  (write: WriteRow): Write =>
  (db, table, rows) =>
    db.transaction((tx) => atOnce(rows, (row) => write(tx, table, row)));

/** A table whose entries make a flush too large for own statements. It has a schema that no test drops. */
const others = pgSchema('beside').table('others', { n: integer('n') });

const createOthers = sql`create schema if not exists beside; create table if not exists beside.others (n int);
  grant usage on schema beside to public; grant insert on beside.others to public`;

/** Writes beside so many inserts of another table that all may share statements. */
const besideOthers =
  (writeAll: Write): Write =>
  (db, table, rows) =>
    db.transaction(async (tx) => {
      const numbers = Array.from({ length: manyEntries }, (_, n) => n);
      const beside = atOnce(numbers, (n) => tx.insert(others).values({ n }));
      const told = await writeAll(tx as never, table, rows);
      for (const each of await beside) expect(each).toHaveProperty('got');
      return told;
    });

const sharing = (write: WriteRow): Write =>
  besideOthers((tx, table, rows) => atOnce(rows, (row) => write(tx, table, row)));

const theRowsOfOne =
  (write: WriteRow): Write =>
  (db, table, rows) =>
    atOnce([[...rows]], (all) => write(db, table, all));

const forms: Record<string, Form> = {
  'not returned': {
    write: (db, table, row) => db.insert(table).values(row as never),
    together: {
      'a group in a transaction': group,
      'a group that shares statements': sharing,
      'a batch on the database': (write) => (db, table, rows) => atOnce(rows, (row) => write(db, table, row)),
    },
  },
  returned: {
    write: (db, table, row) =>
      db
        .insert(table)
        .values(row as never)
        .returning(),
    together: {
      'a group in a transaction': group,
      'a group that shares statements': sharing,
      'one by one in a transaction': (write) => (db, table, rows) =>
        db.transaction((tx) => inTurn(rows, (row) => write(tx, table, row))),
      'the rows of one insert': theRowsOfOne,
      'the rows of one insert beside others': (write) => besideOthers(theRowsOfOne(write)),
    },
  },
};

/** Writes every row by itself, so that rows may be refused. */
const alone =
  (write: WriteRow): Write =>
  (db, table, rows) =>
    inTurn(rows, (row) => write(db, table, row));

export interface SameRowsOptions {
  /** The database for emptying and reading the table. */
  readonly owner?: PostgresJsDatabase;
  readonly empty?: SQL;
  /** A query for the stored rows, each as a text `row`. */
  readonly stored?: SQL;
}

/**
 * Writes rows in every way on plain drizzle and on ours, with and without `returning()`. Expects that the two
 * can't be distinguished. Rows that drizzle refuses one by one are left out of the ways that write several
 * rows together.
 *
 * @returns the outcomes of plain drizzle for each row by itself, without and with `returning()`
 */
export async function expectSameRows(
  sides: SideBySide,
  table: PgTable,
  rows: readonly Row[],
  { owner = sides.plain, empty = emptyTable(table), stored = readTable(table) }: SameRowsOptions = {},
): Promise<(readonly Told[])[]> {
  const told: (readonly Told[])[] = [];
  await owner.execute(createOthers);
  for (const [form, { write, together }] of Object.entries(forms)) {
    const same = async (way: string, given: readonly Row[], writeAll: Write): Promise<readonly Told[]> => {
      const { plain, batched } = await sides.run(async (db): Promise<Written> => {
        await owner.execute(empty);
        const said = await writeAll(db, table, given);
        return {
          told: said,
          stored: rowsOf(await owner.execute<{ row: string }>(stored)).map(({ row }) => row),
        };
      });
      expect(batched, `${way}, ${form}`).toEqual(plain);
      return plain.told;
    };

    const each = await same('one row alone', rows, alone(write));
    told.push(each);
    const fine = rows.filter((_, index) => 'got' in (each[index] as Told));
    if (fine.length === 0) continue;
    for (const [way, writeAll] of Object.entries(together)) await same(way, fine, writeAll(write));
  }
  return told;
}

export function emptyTable(table: PgTable): SQL {
  return sql`truncate ${table} restart identity`;
}

export function readTable(table: PgTable): SQL {
  return sql`select t::text as row from ${table} t order by 1`;
}

async function inTurn<T>(rows: readonly T[], write: (row: T) => PromiseLike<unknown>): Promise<Told[]> {
  const told: Told[] = [];
  for (const row of rows) told.push(await tell(() => write(row)));
  return told;
}

function atOnce<T>(rows: readonly T[], write: (row: T) => PromiseLike<unknown>): Promise<Told[]> {
  return Promise.all(rows.map((row) => tell(() => write(row))));
}

/** Settles with the caller's outcome. drizzle may throw at the call, or reject. */
export async function tell(write: () => PromiseLike<unknown>): Promise<Told> {
  try {
    const result = await write();
    if (!Array.isArray(result)) return { got: driver.describeResult(result) };
    const { count, command } = result as { count?: number; command?: string };
    return { got: { rows: [...result], count, command } };
  } catch (error) {
    return { error: describeError(error) };
  }
}

/**
 * Class, code and constraint of an error and of its cause. The messages are not compared, since ours differ.
 */
function describeError(error: unknown): readonly unknown[] {
  if (error instanceof DrizzleQueryError) return ['DrizzleQueryError', ...describeError(error.cause)];
  if (!(error instanceof Error)) return [error];
  const { code, ...fields } = error as Error & Record<string, unknown>;
  if (error instanceof driver.DatabaseError)
    return ['DatabaseError', code, ...driver.errorFields.map((name) => fields[name] ?? null)];
  return code === 'UNDEFINED_VALUE' ? ['Error', code] : [error.constructor.name];
}

/** The SQLSTATE or the error class of each refused row; `ok` for a row that was accepted. */
export function refusals(told: readonly Told[]): unknown[] {
  return told.map((each) => ('got' in each ? 'ok' : (each.error[2] ?? each.error.at(-1))));
}
