import fc from 'fast-check';
import type { Conflict, Insert, Note, Org, Parent, Pos, Row, Selection } from './programs.ts';
import { names, type TableName } from './tables.ts';

/** Most often the first value, so that programs shrink to it. */
function mostly<T>(weight: number, first: T, ...rest: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight, arbitrary: fc.constant(first) },
    { weight: 1, arbitrary: fc.constantFrom(...rest) },
  );
}

const ids = mostly<Row['id']>(6, 'left out', 'given');
const orgs = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Org>(1, 2, 3) },
  mostly<Org>(3, 'left out', 'number of rows'),
);
const references = fc.constantFrom<Parent>(
  'base',
  'currval',
  'currval of the other table',
  'lastval',
  'last id',
  'last id of the other table',
);
const parents = fc.oneof({ weight: 3, arbitrary: fc.constant<Parent>('left out') }, references);
const poses = mostly<Pos>(
  2,
  'left out',
  1,
  'nextval',
  'currval',
  'number of rows',
  'number of rows by a function',
);
const notes = mostly<Note>(
  2,
  'left out',
  'text',
  'upper',
  'set a setting',
  'set a setting for the session',
  'read the setting',
);
const labels = mostly<Row['label']>(12, 'own', 0, 1, 2);

const plainRow: Row = {
  label: 'own',
  id: 'left out',
  org: 1,
  parent: 'left out',
  pos: 'left out',
  note: 'left out',
};

const rowOfAnyForm: fc.Arbitrary<Row> = fc.record({
  label: labels,
  id: ids,
  org: orgs,
  parent: parents,
  pos: poses,
  note: notes,
});

/** A row that differs from other rows in few columns. */
const simpleRow: fc.Arbitrary<Row> = fc
  .record({ org: fc.constantFrom<Org>(1, 2, 3), note: fc.constantFrom<Note>('left out', 'text') })
  .map((given) => ({ ...plainRow, ...given }));

const sharedRow: fc.Arbitrary<Row> = fc
  .record({ label: fc.constantFrom<Row['label']>(0, 1, 2, 'own'), note: notes })
  .map((given) => ({ ...plainRow, ...given }));

/** A row of a family, whose parents come earlier or later in the same entry. */
const relative: fc.Arbitrary<Row> = fc
  .record({
    parent: fc.constantFrom<Parent>('left out', 'next row', 'previous row', 'base'),
    pos: mostly<Pos>(4, 'left out', 1),
    note: mostly<Note>(1, 'left out', 'text'),
  })
  .map((given) => ({ ...plainRow, id: 'given', ...given }));

/** No entry has more rows, so that `maxRows` of a batch need not split one. */
export const mostRows = 4;

const selections = fc.constantFrom<Selection>('none', 'all', 'id', 'label', 'expressions');
const conflicts = fc.constantFrom<Conflict>(
  'nothing',
  'nothing at label',
  'update',
  'update if',
  'update: number of rows',
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

/** Inserts of one table and form: so many of them as the library would like to share a statement. */
const alike: fc.Arbitrary<Insert[]> = fc
  .tuple(anyTable, selections, fc.oneof(simpleRow, rowOfAnyForm))
  .chain(([table, selection, row]) =>
    fc.array(
      fc
        .constantFrom<Org>(1, 2, 3)
        .map(
          (org): Insert => ({ table, rows: [{ ...row, org, label: 'own' }], selection, conflict: 'none' }),
        ),
      { minLength: 2, maxLength: 12 },
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

/** A row of one table, and then rows of another that read what the first one drew. */
const wired: fc.Arbitrary<Insert[]> = fc
  .tuple(anyTable, selections, references, fc.constantFrom('other', 'same'), fc.integer({ min: 1, max: 6 }))
  .map(([table, selection, parent, which, times]) => {
    const child = which === 'same' ? table : names[(names.indexOf(table) + 2) % names.length];
    const insert = (of: TableName, row: Row): Insert => ({
      table: of,
      rows: [row],
      selection,
      conflict: 'none',
    });
    return Array.from({ length: times }, () => [
      insert(table, plainRow),
      insert(child as TableName, { ...plainRow, parent }),
    ]).flat();
  });

/** The inserts of one turn: few and many of a table. */
export const inserts: fc.Arbitrary<Insert[]> = fc.oneof(
  { weight: 2, arbitrary: fc.array(anyInsert, { minLength: 1, maxLength: 3 }) },
  { weight: 2, arbitrary: fc.array(anyInsert, { minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: alike },
  { weight: 1, arbitrary: conflicting },
  { weight: 1, arbitrary: wired },
);
