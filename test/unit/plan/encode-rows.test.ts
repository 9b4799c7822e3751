import { sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import type { Serialize } from '../../../src/driver/text.ts';
import { Expression } from '../../../src/drizzle/render.ts';
import { BatchedDrizzleError } from '../../../src/errors.ts';
import { encodedRows, encodeRows } from '../../../src/plan/encode-rows.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { formOf, formsOf, Given } from '../../../src/take/form.ts';
import { BatchedInsertError } from '../../../src/take/insert-error.ts';
import { refer } from '../../../src/take/ref.ts';
import { inRows } from '../../support/cells.ts';
import { encoder, entryOf, planOf } from '../../support/entries.ts';
import { factsOf, withColumn } from '../../support/facts.ts';
import { addresses, users } from '../../support/schema.ts';

/** Appends the given type to the value, and refuses bytes. */
const serialize: Serialize = (value, type) => {
  if (value instanceof Uint8Array) throw new TypeError('no bytes');
  return `${value}:${type}`;
};

function encode(...entries: Entry[]) {
  const facts = new Map<PgTable, ReturnType<typeof factsOf> | undefined>([
    [users, withColumn(factsOf(users), 'name', { type: 1043 })],
  ]);
  return encodeRows(entries, facts, { ...encoder, serialize });
}

/** The rows of an entry as they are sent together with all the entries. */
const sent = (entry: Entry, ...entries: Entry[]) =>
  inRows(encodedRows(encode(...entries).encoded, entry).cells, entry.shape.columns);

const bytes = Buffer.from('bad');

describe('a row as text', () => {
  test('has each value serialised for the type of its column, 0 where that is not known', () => {
    const user = entryOf(users, { id: 1, name: 'Ada' });
    const address = entryOf(addresses, { email: 'a', userId: 2 });
    const { encoded } = encode(user, address);
    expect(encoded.get(user)?.cells).toEqual(['1:0', 'Ada:1043']);
    expect(encoded.get(address)?.cells).toEqual([undefined, 'a:0', '2:0']);
  });

  test('keeps NULL, what is left out and expressions as they are', () => {
    const entry = entryOf(users, [{ name: null }, { name: sql`upper(${'x'})` }]);
    expect(sent(entry, entry)).toEqual([
      [undefined, null],
      [undefined, entry.cell(1, 1)],
    ]);
  });

  test('has the value that a reference stands for where it is known, else the reference', () => {
    const parent = entryOf(users, [{ id: 7, name: null }, { name: 'Bob' }]);
    const refs = [refer(parent, 'id', 0), refer(parent, 'name', 0), refer(parent, 'id', 1)];
    const child = entryOf(
      addresses,
      refs.map((userId) => ({ email: 'a', userId })),
    );
    expect(sent(child, parent, child).map((row) => row[2])).toEqual(['7:0', null, refs[2]]);
    parent.rememberValue(1, 0, '8');
    expect(sent(child, parent, child)[2]?.[2]).toBe('8:0');
  });
});

describe('the rows of an entry', () => {
  const sentAs = (entry: Entry, own: Serialize, facts = factsOf(users)) =>
    encodeRows([entry], new Map([[users, facts]]), { ...encoder, serialize: own }).encoded;

  test('are its own, and not copied, where nothing of them has to be made', () => {
    const entry = entryOf(users, [{ id: 1, name: 'Ada' }, { name: null }, { name: sql`upper(${'x'})` }, {}]);
    const encoded = sentAs(entry, encoder.serialize);
    expect(encoded.size).toBe(0);
    expect(encodedRows(encoded, entry)).toBe(entry);
  });

  test('are a copy where something has to be, and the entry keeps what the caller gave', () => {
    const entry = entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }]);
    const encoded = sentAs(entry, (value) => (value === 'Bob' ? 'other' : `${value}`));
    expect(encoded.get(entry)).toEqual({ cells: [undefined, 'Ada', undefined, 'other'], forms: entry.forms });
    expect(entry.cells).toEqual([undefined, 'Ada', undefined, 'Bob']);
  });

  test.each([[7], [-0], [1e21], [0.1]])(
    'have the number %s as it is where that is how the serialiser writes it, else the text',
    (id) => {
      const entry = entryOf(users, { id });
      expect(sentAs(entry, encoder.serialize).size).toBe(0);
      expect(sentAs(entry, (value) => `${value}.0`).get(entry)?.cells).toEqual([`${id}.0`, undefined]);
    },
  );

  test('have a text for any other value', () => {
    const entry = entryOf(users, { name: 2n as never });
    const facts = withColumn(factsOf(users), 'name', { base: 20 });
    expect(sentAs(entry, encoder.serialize, facts).get(entry)?.cells).toEqual([undefined, '2']);
  });

  test('have another form where a value has become an expression, those rows alone', () => {
    const entry = entryOf(users, [{ name: 'Ada' }, { name: true as never }]);
    const facts = withColumn(factsOf(users), 'name', { base: 23 });
    const rows = encodedRows(sentAs(entry, encoder.serialize, facts), entry);
    expect(rows.cells[3]).toEqual(new Expression({ texts: ['', ''], params: [true] }));
    expect([0, 1].map((row) => formOf(rows, row).columns)).toEqual([
      [Given.nothing, Given.value],
      [Given.nothing, Given.expression],
    ]);
    expect(formOf(rows, 0)).toBe(formOf(entry, 0));
  });

  test('have the keys that they were given before, in a form that gives them', () => {
    const entry = entryOf(users, [{ name: 'Ada' }, { id: 9, name: 'Bob' }, { name: 'Cyd' }]);
    refer(entry, 'id', 0);
    const { lists } = planOf([entry, entryOf(users, { name: 'other' })]);
    for (const list of lists) list.keys = ['7', '8'];
    const rows = encodedRows(sentAs(entry, encoder.serialize), entry);
    expect(rows.cells).toEqual(['7', 'Ada', 9, 'Bob', '8', 'Cyd']);
    expect([...formsOf(rows)].map(({ columns }) => columns)).toEqual([[Given.value, Given.value]]);
    expect(entry.cells[0]).toBeUndefined();
  });
});

describe('a value that its column can not take', () => {
  test('rejects its own entry alone, naming row and column', () => {
    const bad = entryOf(users, [{ name: 'fine' }, { name: bytes }]);
    const good = entryOf(users, { name: 'fine' });
    const { encoded, rejected } = encode(bad, good);
    expect([...encoded.keys()]).toEqual([good]);
    const error = rejected.get(bad);
    expect(error).toBeInstanceOf(BatchedInsertError);
    expect(error?.message).toBe(
      'Failed query: insert of 2 rows into "users" failed: no bytes (row 2, column "name")',
    );
    expect(error?.cause).toBeInstanceOf(TypeError);
  });
});

describe('a reference that leads nowhere', () => {
  test('to an entry rejected in this flush rejects its entry with that failure as its cause', () => {
    const parent = entryOf(users, { name: bytes });
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
    const grandchild = entryOf(addresses, { email: 'b', userId: refer(child, 'id', 0) });
    const { encoded, rejected } = encode(parent, child, grandchild);
    expect(encoded.size).toBe(0);
    const error = rejected.get(child)?.cause as BatchedDrizzleError;
    expect([error.code, error.message]).toEqual(['BAD_REFERENCE', 'ref to "users".id: its insert failed']);
    expect(error.cause).toBe(rejected.get(parent));
    expect(rejected.get(grandchild)?.cause).toHaveProperty('cause', rejected.get(child));
  });

  test('to an entry that failed before does, too', () => {
    const parent = entryOf(users, { name: 'Ada' });
    const error = new Error('failed before');
    parent.conclude({ error });
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
    expect(encode(child).rejected.get(child)?.cause).toHaveProperty('cause', error);
  });

  test('to an entry of another queue that is not written yet says so', () => {
    const parent = entryOf(users, { name: 'Ada' });
    const child = entryOf(addresses, { email: 'a', userId: sql`${refer(parent, 'id', 0)} + 1` });
    expect(encode(child).rejected.get(child)?.cause).toEqual(
      new BatchedDrizzleError(
        'BAD_REFERENCE',
        'ref to "users".id: its insert is not written yet; flush() the database or transaction it was made on first',
      ),
    );
  });
});
