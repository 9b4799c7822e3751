import fc from 'fast-check';
import type { Note, Org, Parent, Pos, Row } from './programs.ts';

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
export const parents = fc.oneof({ weight: 3, arbitrary: fc.constant<Parent>('left out') }, references);
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
// A row whose label is taken is refused, so there are few of them.
const labels = mostly<Row['label']>(40, 'own', 0, 2);

const plainRow: Row = {
  label: 'own',
  id: 'left out',
  org: 1,
  parent: 'left out',
  pos: 'left out',
  note: 'left out',
};

const anyRow: fc.Arbitrary<Row> = fc.record({
  label: labels,
  id: ids,
  org: orgs,
  parent: parents,
  pos: poses,
  note: notes,
});

/** A plain row but for one column. */
const almostPlainRow: fc.Arbitrary<Row> = fc
  .oneof(
    fc.record({ id: ids }),
    fc.record({ org: orgs }),
    fc.record({ parent: parents }),
    fc.record({ pos: poses }),
    fc.record({ note: notes }),
  )
  .map((given) => ({ ...plainRow, ...given }));

export const rowOfAnyForm = fc.oneof(
  { weight: 3, arbitrary: almostPlainRow },
  { weight: 1, arbitrary: anyRow },
);

/** A row that differs from other rows in few columns. */
export const simpleRow: fc.Arbitrary<Row> = fc
  .record({ org: mostly<Org>(2, 1, 2, 3), note: fc.constantFrom<Note>('left out', 'text') })
  .map((given) => ({ ...plainRow, ...given }));

export const sharedRow: fc.Arbitrary<Row> = fc
  .record({ label: fc.constantFrom<Row['label']>(0, 1, 2, 'own'), note: notes })
  .map((given) => ({ ...plainRow, ...given }));

/** A row with a parent that comes earlier or later, in the same entry or in another one. */
export const relative: fc.Arbitrary<Row> = fc
  .record({
    parent: fc.constantFrom<Parent>(
      'left out',
      'base',
      'next row',
      'next row',
      'previous row',
      'next entry',
      'previous entry',
    ),
    pos: mostly<Pos>(4, 'left out', 1),
    note: mostly<Note>(1, 'left out', 'text'),
  })
  .map((given) => ({ ...plainRow, id: 'given', ...given }));
