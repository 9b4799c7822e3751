import fc from 'fast-check';
import { parents, relative, rowOfAnyForm, sharedRow, simpleRow } from './arbitrary-rows.ts';
import type { Conflict, Insert, Org, Row, Selection } from './programs.ts';
import { names, others, type TableName } from './tables.ts';

/** No entry has more rows, so that `maxRows` of a batch need not split one. */
export const mostRows = 4;

const selections = fc.constantFrom<Selection>('none', 'all', 'id', 'label', 'expressions');
const conflicts = fc.constantFrom<Conflict>(
  'nothing',
  'nothing at label',
  'update',
  'update if',
  'update: highest pos',
  'update: nextval',
);

function insertOf(
  table: fc.Arbitrary<TableName>,
  row: fc.Arbitrary<Row>,
  conflict: fc.Arbitrary<Conflict> = fc.constant('none'),
  selection = selections,
  maxLength = mostRows,
): fc.Arbitrary<Insert> {
  const length = { minLength: 1, maxLength };
  const rows = fc.oneof(
    { weight: 8, arbitrary: fc.uniqueArray(row, { ...length, selector: sharedLabel }) },
    { weight: 1, arbitrary: fc.array(row, length) },
  );
  return fc.record({ table, rows, selection, conflict });
}

/** A statement with ON CONFLICT DO UPDATE may not contain one row twice. */
const sharedLabel = (row: Row): unknown => (row.label === 'own' ? row : row.label);

export const anyTable = fc.constantFrom<TableName>('docs', 'docs', 'docs', ...names);

const anyInsert: fc.Arbitrary<Insert> = fc.oneof(
  { weight: 3, arbitrary: insertOf(anyTable, simpleRow, undefined, undefined, 2) },
  { weight: 2, arbitrary: insertOf(anyTable, rowOfAnyForm) },
  { weight: 1, arbitrary: insertOf(anyTable, sharedRow, conflicts) },
  { weight: 1, arbitrary: insertOf(anyTable, relative) },
);

/** Inserts of one table and form: up to so many that they share a statement in a transaction, too. */
const alike: fc.Arbitrary<Insert[]> = fc
  .tuple(anyTable, selections, fc.oneof(simpleRow, rowOfAnyForm))
  .chain(([table, selection, row]) =>
    fc.array(
      fc
        .constantFrom<Org>(1, 2, 3)
        .map(
          (org): Insert => ({ table, rows: [{ ...row, org, label: 'own' }], selection, conflict: 'none' }),
        ),
      { minLength: 2, maxLength: 20 },
    ),
  );

/** Inserts of one table with one conflict clause. */
const conflicting: fc.Arbitrary<Insert[]> = fc
  .tuple(anyTable, conflicts, selections)
  .chain(([table, conflict, selection]) =>
    fc.array(insertOf(fc.constant(table), sharedRow, fc.constant(conflict), fc.constant(selection), 2), {
      minLength: 2,
      maxLength: 8,
    }),
  );

/**
 * Rows of two tables by turns, or of one. Those of the second may read what those of the first drew, or both
 * may draw from one sequence.
 */
const byTurns: fc.Arbitrary<Insert[]> = fc
  .record({
    table: anyTable,
    // A table looks at its other one, or shares something with it.
    second: fc.oneof(
      { weight: 2, arbitrary: fc.constant('other' as const) },
      { weight: 1, arbitrary: anyTable },
    ),
    selection: selections,
    rows: fc.tuple(fc.oneof(simpleRow, rowOfAnyForm), fc.oneof(simpleRow, rowOfAnyForm)),
    parent: parents,
    rises: fc.boolean(),
    times: fc.oneof({ weight: 2, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.constant(12)),
  })
  .map(({ table, second, selection, rows: [one, other], parent, rises, times }) => {
    const insert = (of: TableName, row: Row): Insert => ({
      table: of,
      rows: [row],
      selection,
      conflict: 'none',
    });
    const orgAt = (turn: number, { org }: Row): Org => (rises ? (([1, 2, 3] as const)[turn] ?? 3) : org);
    return Array.from({ length: times }, (_, turn) => [
      insert(table, { ...one, id: 'left out', label: 'own', org: orgAt(turn, one) }),
      insert(second === 'other' ? others[table] : second, { ...other, parent, org: orgAt(turn, other) }),
    ]).flat();
  });

/** Entries with parents in one another. */
export const relatives: fc.Arbitrary<Insert[]> = fc.array(insertOf(anyTable, relative), {
  minLength: 1,
  maxLength: 6,
});

/** The inserts of one turn: few and many of a table. */
export const inserts: fc.Arbitrary<Insert[]> = fc.oneof(
  { weight: 2, arbitrary: fc.array(anyInsert, { minLength: 1, maxLength: 3 }) },
  { weight: 2, arbitrary: fc.array(anyInsert, { minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: alike },
  { weight: 1, arbitrary: conflicting },
  { weight: 2, arbitrary: byTurns },
  { weight: 1, arbitrary: relatives },
);

/** An insert of one row that returns its id, and inserts that refer to the row. */
export const family: fc.Arbitrary<{ parent: Insert; children: Insert[] }> = fc.record({
  parent: insertOf(anyTable, simpleRow, undefined, fc.constantFrom('id', 'all'), 1),
  children: fc.array(insertOf(anyTable, fc.oneof(simpleRow, rowOfAnyForm), undefined, undefined, 2), {
    minLength: 1,
    maxLength: 8,
  }),
});
