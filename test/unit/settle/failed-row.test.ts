import { sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { expect, test } from 'vitest';
import { findFailedRow } from '../../../src/settle/failed-row.ts';
import { encoder, entryOf } from '../../support/entries.ts';

const people = pgTable('people', {
  email: text('Email, "private"'),
  country: text('country'),
  number: integer('number'),
});

const rows = [
  { email: 'a', country: 'x, y', number: 1 },
  { email: 'b', country: 'x', number: 2 },
  { email: 'b', country: 'x', number: 3 },
  { email: 'd) (', country: null, number: 4 },
  { email: sql`lower('E')`, country: 'z', number: 5 },
];

const detailed = (detail: unknown) => Object.assign(new Error('refused'), { detail });

test.each([
  ['a number', 'Key (number)=(3) already exists.', 2],
  ['several columns', 'Key (country, number)=(x, 3) already exists.', 2],
  ['a value with a comma', 'Key (country, number)=(x, y, 1) already exists.', 0],
  ['a foreign key', 'Key (number)=(5) is not present in table "numbers".', 4],
  ['NULL', 'Key (country, number)=(null, 4) is not present in table "numbers".', 3],
])('the row is the one that the detail names: %s', (_, detail, row) =>
  expect(findFailedRow(entryOf(people, rows), detailed(detail), encoder.serialize)).toBe(row),
);

test.each([
  ['several rows fit', 'Key (country)=(x) already exists.'],
  ['none fits', 'Key (number)=(99) already exists.'],
  ['it is an expression of the index', 'Key (lower(country))=(x) already exists.'],
  ['it is a column of another table', 'Key (id)=(1) is still referenced.'],
  ['it speaks of something else', 'Failing row contains (a, null).'],
  ['there is no detail', undefined],
])('no row is named where %s', (_, detail) =>
  expect(findFailedRow(entryOf(people, rows), detailed(detail), encoder.serialize)).toBeUndefined(),
);

test('a row by itself needs no name', () => {
  const [first] = rows;
  const error = detailed('Key (number)=(1) already exists.');
  expect(findFailedRow(entryOf(people, first as object), error, encoder.serialize)).toBeUndefined();
});

test('a quoted name is the column of that name', () => {
  const quoted = pgTable('quoted', { email: text('E "mail"'), number: integer('number') });
  const entry = entryOf(quoted, [{ email: 'a' }, { email: 'd) (' }]);
  const error = detailed('Key ("E ""mail""")=(d) () already exists.');
  expect(findFailedRow(entry, error, encoder.serialize)).toBe(1);
});
