import { inspect } from 'node:util';
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { Expression } from '../../../src/drizzle/render.ts';
import { BatchedDrizzleError } from '../../../src/errors.ts';
import { DeferredValue } from '../../../src/take/deferred.ts';
import { resolveDeferred } from '../../../src/take/deferred-value.ts';
import { type Outcome, Reference } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { dialect, entryOf } from '../../support/entries.ts';
import { addresses, counters, events, tokens, users } from '../../support/schema.ts';

const id = '00000000-0000-4000-8000-000000000001';
const user = () => entryOf(users, [{ name: 'Ada' }, { id: 7, name: null }]);

describe('a reference', () => {
  test.each([
    ['a serial', entryOf(users, {}), 'id'],
    ['an identity', entryOf(addresses, { email: 'a' }), 'id'],
    ["the server's uuid", entryOf(events, { kind: 'a' }), 'id'],
    ['a key of a table whose names need quoting', entryOf(counters, {}), 'id'],
  ])('can name %s, and says that it is needed', (_, entry, key) => {
    const ref = refer(entry, key, 0);
    expect(ref.value()).toBeUndefined();
    expect([...entry.referencedColumns]).toEqual([ref.column]);
  });

  test.each([
    ['a value that the caller gave', entryOf(users, { name: 'Ada' }), 'name', 'Ada'],
    ['NULL', entryOf(users, { name: null }), 'name', null],
    ['what $defaultFn made', entryOf(tokens, { id, label: 'x' }), 'id', id],
  ])('can name %s, which it knows at once', (_, entry, key, value) => {
    expect(refer(entry, key, 0).value()).toBe(value);
    expect(entry.referencedColumns.size).toBe(0);
  });

  test('to a column that holds a reference leads to where that leads', () => {
    const parent = user();
    const child = entryOf(addresses, [
      { email: 'a', userId: refer(parent, 'id', 0) },
      { email: 'b', userId: refer(parent, 'id', 1) },
    ]);
    const ref = refer(child, 'userId', 0);
    expect(ref.origin).toMatchObject({ entry: parent, row: 0, column: 0 });
    expect(ref.value()).toBeUndefined();
    parent.rememberValue(0, 0, '41');
    expect(ref.value()).toBe('41');
    expect(refer(child, 'userId', 1).value()).toBe(7);
  });

  test('is text between whose parameters its value stands, late where nobody knows it yet', () => {
    const parent = user();
    const ref = refer(parent, 'id', 0);
    const query = () => dialect.sqlToQuery(sql`select ${ref} + 1`);
    expect(query()).toMatchObject({
      sql: 'select $1::int + 1',
      params: [new DeferredValue(ref)],
    });
    parent.rememberValue(0, 0, '41');
    expect(query().params).toEqual(['41']);
  });
});

describe('ref() refuses', () => {
  const refused = (message: string) => expect.objectContaining({ code: 'BAD_REFERENCE', message });

  test.each([
    [
      "ref('nickname') to \"users\": no such column; allowed: 'id', 'name'",
      entryOf(users, { name: 'a' }),
      'nickname',
      0,
    ],
    ["ref('id', 1): rowIndex is out of range; allowed: 0", entryOf(users, {}), 'id', 1],
    ["ref('id', -1): rowIndex is out of range; allowed: 0 to 1", user(), 'id', -1],
    ["ref('id', 0.5): rowIndex is out of range; allowed: 0 to 1", user(), 'id', 0.5],
  ])('%s', (message, entry, key, row) => {
    expect(() => refer(entry, key, row)).toThrow(refused(message));
    expect(entry.referencedColumns.size).toBe(0);
  });
});

test.each([
  ['what the row leaves out', entryOf(events, { kind: 'a' }), 'at'],
  ['an expression', entryOf(users, { name: sql`upper('a')` }), 'name'],
])('ref() to %s has the server asked for it', (_, entry, key) => {
  const reference = refer(entry, key, 0);
  expect(reference.value()).toBeUndefined();
  entry.rememberValue(0, reference.column, 'made');
  expect(reference.value()).toBe('made');
  expect([...entry.referencedColumns]).toEqual([reference.column]);
});

test('ref() after the insert was written and nobody had asked for its key says when to ask', () => {
  const written: Outcome = { value: () => [], driverValue: () => [] };
  const entry = user();
  entry.conclude(written);
  expect(() => refer(entry, 'id', 0)).toThrow(
    new BatchedDrizzleError(
      'BAD_REFERENCE',
      `ref('id') to "users": its insert has been written and nobody had asked for its key; call ref() before that, or chain returning()`,
    ),
  );
  expect(refer(entry, 'id', 1).value()).toBe(7);
  entry.rememberValue(0, 0, '41');
  expect(refer(entry, 'id', 0).value()).toBe('41');
});

describe('a late value', () => {
  test('is a text where a program logs the parameters of an error', () => {
    const { params } = dialect.sqlToQuery(sql`select ${'a'}, ${refer(user(), 'id', 0)}`);
    expect(JSON.stringify(params)).toBe('["a","ref to \\"users\\".id"]');
    expect(inspect(params, { depth: 9 })).toBe("[ 'a', DeferredValue {} ]");
  });

  test('is the value once the row is written', () => {
    const parent = user();
    const late = new DeferredValue(refer(parent, 'id', 0));
    parent.rememberValue(0, 0, '41');
    expect(resolveDeferred(late)).toBe('41');
  });

  test('of a row that is not written yet says so', () => {
    expect(() => resolveDeferred(new DeferredValue(refer(user(), 'id', 0)))).toThrow(
      new BatchedDrizzleError(
        'BAD_REFERENCE',
        'ref to "users".id: its insert is not written yet; flush() the database or transaction it was made on first',
      ),
    );
  });

  test('of a row that a conflict clause or a trigger left out, or that was named too late, says so', () => {
    const parent = user();
    const ref = refer(parent, 'id', 0);
    parent.conclude({ value: () => [], driverValue: () => [] });
    expect(() => resolveDeferred(new DeferredValue(ref))).toThrow(
      new BatchedDrizzleError(
        'BAD_REFERENCE',
        'ref to "users".id: no key has come back; a conflict clause or a trigger has left the row out, or ref() was called when its insert had left',
      ),
    );
  });

  test('of an insert that failed has that failure as its cause', () => {
    const parent = user();
    const error = new Error('failed');
    parent.conclude({ error });
    expect(() => resolveDeferred(new DeferredValue(refer(parent, 'id', 0)))).toThrow(
      expect.objectContaining({
        code: 'BAD_REFERENCE',
        message: 'ref to "users".id: its insert failed',
        cause: error,
      }),
    );
  });
});

test('an expression is no reference, and has no value', () => {
  const entry = entryOf(users, { name: sql`upper('a')` });
  expect(entry.cell(0, 1)).toBeInstanceOf(Expression);
  expect(new Reference(entry, 0, 1).value()).toBeUndefined();
});
