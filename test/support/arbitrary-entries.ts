import { type Column, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import fc from 'fast-check';
import { Expression } from '../../src/drizzle/render.ts';
import { isKeyed, type TableShape, tableShape } from '../../src/drizzle/table.ts';
import type { Cell, Entry, Reference } from '../../src/take/entry.ts';
import { refer } from '../../src/take/ref.ts';
import { inRows } from './cells.ts';
import { dialect, doNothing, doUpdate, entryOfCells, type PlanOptions } from './entries.ts';
import { factsOf } from './facts.ts';
import { addresses, counters, events, logs, nodes, teams, users } from './schema.ts';

const tables = [users, addresses, nodes, events, logs, teams, counters];

type CellKind = 'left out' | 'given' | 'null' | 'reference' | 'expression';

/** Conflict clauses that name the first column of a table and set the last. */
const clauses = {
  none: () => ({}),
  nothing: () => ({ conflict: doNothing() }),
  'nothing at': (shape: TableShape) => ({ conflict: doNothing([firstOf(shape)]) }),
  update: (shape: TableShape) => ({ conflict: doUpdate([firstOf(shape)], [lastOf(shape), sql`excluded`]) }),
  'update if': (shape: TableShape) => ({
    conflict: doUpdate([firstOf(shape)], [lastOf(shape), sql`excluded`], { setWhere: sql`true` }),
  }),
};

const firstOf = ({ columns }: TableShape): Column => columns[0]?.column as Column;
const lastOf = ({ columns }: TableShape): Column => columns.at(-1)?.column as Column;

interface Call {
  readonly table: PgTable;
  /** The kind of each row's cell for each column. A row has more kinds than the table has columns. */
  readonly rows: readonly (readonly CellKind[])[];
  readonly returning: boolean;
  readonly conflict: keyof typeof clauses;
  readonly overriding: boolean;
}

export interface Batch {
  readonly entries: readonly Entry[];
  readonly options: PlanOptions;
}

const rarely = fc.nat({ max: 9 }).map((number) => number === 9);
const kinds: Record<CellKind, number> = { 'left out': 6, given: 6, null: 1, reference: 4, expression: 0 };

/**
 * The entries of one flush, with small limits. Any column of any table may be left out or given. A reference
 * may go from any column to any key of an earlier row, also in cycles. Tables may be missing, not plain or
 * secured.
 */
export function batches(weights: Partial<Record<CellKind, number>> = {}): fc.Arbitrary<Batch> {
  const kind = fc.oneof(
    ...Object.entries({ ...kinds, ...weights }).map(([name, weight]) => ({
      weight,
      arbitrary: fc.constant(name as CellKind),
    })),
  );
  const call = fc.record<Call>({
    table: fc.constantFrom(...tables),
    rows: fc.array(fc.array(kind, { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
    returning: fc.boolean(),
    conflict: fc.oneof(
      { weight: 9, arbitrary: fc.constant('none' as const) },
      ...(['nothing', 'nothing at', 'update', 'update if'] as const).map((name) => fc.constant(name)),
    ),
    overriding: rarely,
  });
  const facts = fc
    .tuple(...tables.map(() => fc.record({ missing: rarely, odd: rarely, secured: rarely })))
    .map((each) => {
      const known = each.map(({ missing, odd, secured }, index) => {
        const table = tables[index] as PgTable;
        return [table, missing ? undefined : factsOf(table, { plain: !odd, secured })] as const;
      });
      return new Map(known);
    });
  return fc
    .record({
      calls: fc.array(call, { minLength: 1, maxLength: 10 }),
      options: fc.record({
        facts,
        maxRows: fc.constantFrom(1, 2, 3, 10_000),
        maxBytes: fc.constantFrom(40, 10_000),
      }),
    })
    .map(({ calls, options }) => ({
      entries: entriesOf(calls),
      options,
      // An entry contains its tables, which would be too many lines to read.
      [fc.toStringMethod]: () => fc.stringify({ calls: calls.map(shown), options: shownOptions(options) }),
    }));
}

function shown({ table, rows, ...flags }: Call): object {
  const set = Object.entries(flags).flatMap(([name, isSet]) => (isSet ? [`${name} ${isSet}`] : []));
  return { table: tableShape(dialect, table).name, rows: rows.map(String), set };
}

function shownOptions({ facts, ...limits }: Batch['options']): object {
  const odd = [...(facts ?? [])].flatMap(([table, known]) => {
    const { plain, secured } = known ?? { plain: 'missing', secured: 'missing' };
    return plain === true && !secured ? [] : [{ table: tableShape(dialect, table).name, plain, secured }];
  });
  return { ...limits, odd };
}

function entriesOf(calls: readonly Call[]): Entry[] {
  const entries: Entry[] = [];
  let number = 0;
  for (const call of calls) {
    const shape = tableShape(dialect, call.table);
    const rows = call.rows.map((row) =>
      shape.columns.map((_, column): Cell => {
        number++;
        const kind = row[column % row.length];
        if (kind === 'null') return null;
        if (kind === 'given') return textOf(shape.columns[column]?.column.getSQLType() ?? '', number);
        if (kind === 'expression')
          return new Expression({ texts: ['upper(', ')'], params: [`secret ${number}`] });
        return kind === 'reference' ? referenceTo(entries, number) : undefined;
      }),
    );
    const options = {
      ...(call.returning && { returning: shape.columns.map(({ column }) => column) }),
      ...clauses[call.conflict](shape),
      overriding: call.overriding,
      bytes: rows.length * 10,
    };
    entries.push(entryOfCells(call.table, rows, options));
  }
  return entries;
}

/** A text that no other cell and no statement contains: `secret`, or seven digits. */
function textOf(type: string, number: number): string {
  if (type === 'uuid') return `00000000-0000-0000-0000-00000${1_000_000 + number}`;
  return /int|serial/.test(type) ? `${1_000_000 + number}` : `secret ${number} ' " \\ , } $1`;
}

/** A reference to a key that an earlier row leaves out. `at` chooses the key. */
function referenceTo(entries: readonly Entry[], at: number): Reference | undefined {
  const keys = entries.flatMap((entry) =>
    inRows(entry.cells, entry.shape.columns).flatMap((row, index) =>
      entry.shape.columns.flatMap(({ key, column }, place) =>
        row[place] === undefined && isKeyed(column) ? [{ entry, key, index }] : [],
      ),
    ),
  );
  const chosen = keys[at % keys.length];
  return chosen && refer(chosen.entry, chosen.key, chosen.index);
}
