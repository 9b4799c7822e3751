import { type SQL, sql } from 'drizzle-orm';
import { customType, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Expression } from '../../../src/drizzle/render.ts';
import { tableShape } from '../../../src/drizzle/table.ts';
import { DeferredValue } from '../../../src/take/deferred.ts';
import { formsOfTable, Given } from '../../../src/take/form.ts';
import { refer } from '../../../src/take/ref.ts';
import { takeRows } from '../../../src/take/rows.ts';
import { inRows } from '../../support/cells.ts';
import { dialect, entryOf } from '../../support/entries.ts';
import { addresses, events, tokens, users, wide } from '../../support/schema.ts';

const take = (table: Parameters<typeof tableShape>[1], ...values: object[]) =>
  takeRows(tableShape(dialect, table), values as Record<string, unknown>[]);

/** The cells of a single row. */
const cells = (table: Parameters<typeof tableShape>[1], values: object) => take(table, values)?.cells;

let calls = 0;
const made = pgTable('made', {
  fromFunction: integer('from_function').$defaultFn(() => ++calls),
  onUpdate: text('on_update').$onUpdate(() => 'updated'),
  both: text('both')
    .default('stays')
    .$onUpdate(() => 'never on insert'),
  zero: integer('zero')
    .default(0)
    .$onUpdate(() => 7),
  expression: text('expression').$defaultFn((): SQL => sql`upper(${'x'})`),
  generated: text('generated').generatedAlwaysAs(sql`'x'`),
});

test('what the class of a row computes is not asked for', () => {
  class User {
    name = 'Ada';
    get id(): number {
      throw new Error('not saved yet');
    }
  }
  expect(cells(users, new User())).toEqual([undefined, 'Ada']);
});

describe('what a row leaves out', () => {
  test("is the database's default, whether the key is missing or undefined", () => {
    expect(cells(users, {})).toEqual([undefined, undefined]);
    expect(cells(users, { id: undefined, name: undefined })).toEqual([undefined, undefined]);
  });

  test('is made by $defaultFn, else by $onUpdate where there is no default, else left to the database', () => {
    calls = 0;
    const [fromFunction, onUpdate, both, zero, expression] = cells(made, {}) ?? [];
    expect([fromFunction, onUpdate, both]).toEqual([1, 'updated', undefined]);
    expect(zero, 'drizzle takes a default of 0 for none').toBe(7);
    expect(expression).toEqual(new Expression({ texts: ['upper(', ')'], params: ['x'] }));
  });

  test('makes $defaultFn run once a row, and not for rows that give a value', () => {
    calls = 0;
    take(made, {}, { fromFunction: 5 }, {}, { fromFunction: null });
    expect(calls).toBe(2);
  });
});

describe('what a row gives', () => {
  test('passes the mapping of its column', () => {
    const at = new Date(0);
    const [, , payload, instant] = cells(events, { kind: 'k', payload: { a: 1 }, at }) ?? [];
    expect(payload).toBe('{"a":1}');
    expect(instant).toBe('1970-01-01T00:00:00.000Z');
  });

  test('is null where it is null; a JSON null is not', () => {
    expect(cells(events, { kind: 'k', payload: null })?.[2]).toBeNull();
    expect(cells(events, { kind: 'k', payload: sql`'null'` })?.[2]).toBeInstanceOf(Expression);
  });

  test('is ignored for a generated column and for one that the table does not have', () => {
    expect(cells(made, { generated: 'given', unheardOf: 1 })).toHaveLength(5);
    expect(cells(users, { name: 'Ada', user_id: 3 })).toEqual([undefined, 'Ada']);
  });

  test('can be changed later without any effect', () => {
    const bytes = Buffer.from('abc');
    const row = { note: 'before', bytes };
    const taken = take(wide, row)?.cells;
    row.note = 'after';
    bytes.fill('x');
    expect(taken).toContain('before');
    expect(taken?.at(-1)).toEqual(Buffer.from('abc'));
  });

  test('is not read from a prototype, where drizzle does not look either', () => {
    class Named {
      get name(): string {
        return 'inherited';
      }
    }
    expect(cells(users, new Named())).toEqual([undefined, undefined]);
  });

  test('is not read where it can not be enumerated, as in drizzle', () => {
    expect(cells(users, Object.defineProperty({}, 'name', { value: 'hidden' }))).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('is refused at once where its mapping throws, and left to the driver where the mapping gives undefined', () => {
    const broken = pgTable('broken', { at: timestamp('at') });
    expect(() => take(broken, { at: 'no date' })).toThrow(TypeError);
    const unmapped = customType<{ data: string }>({
      dataType: () => 'text',
      toDriver: () => undefined as never,
    });
    const [cell] = take(pgTable('unmapped', { name: unmapped('name') }), { name: 'Ada' })?.cells ?? [];
    expect(cell).toEqual(new Expression({ texts: ['', ''], params: [undefined] }));
  });
});

describe('sql', () => {
  test.each([[sql`default`], [sql`DEFAULT`], [sql` default `]])(
    "the word default is the database's default",
    (word) => {
      expect(cells(users, { name: word })?.[1]).toBeUndefined();
    },
  );

  test('any other expression is kept as it was when it was given', () => {
    const bytes = Buffer.from('abc');
    const expression = sql`encode(${bytes}, ${'hex'})`;
    const cell = cells(users, { name: expression })?.[1];
    bytes.fill('x');
    expression.append(sql`, and more`);
    expect(cell).toEqual(
      new Expression({ texts: ['encode(', ', ', ')'], params: [Buffer.from('abc'), 'hex'] }),
    );
    expect(cells(users, { name: sql`${'default'}` })?.[1]).toBeInstanceOf(Expression);
    expect(cells(users, { name: sql`default + 1` })?.[1]).toBeInstanceOf(Expression);
    expect(cells(users, { name: sql`default ${1}` })?.[1]).toBeInstanceOf(Expression);
  });

  test.each([
    ['as a value', sql.placeholder('name')],
    ['in an expression', sql`upper(${sql.placeholder('name')})`],
  ])('a placeholder %s makes the insert one that only a prepared statement can fill', (_, value) => {
    expect(take(users, { name: 'Ada' }, { name: value })).toBeUndefined();
  });
});

describe('references', () => {
  const parent = entryOf(users, [{ name: 'Ada' }, { id: 7, name: 'Bob' }]);

  test('stand where they were given, and are listed', () => {
    const ref = refer(parent, 'id', 0);
    const taken = take(addresses, { email: 'a', userId: ref }, { email: 'b', userId: 3 });
    expect(taken?.cells[2]).toBe(ref);
    expect(taken?.references).toEqual([ref]);
    expect(taken?.embedded).toEqual([]);
  });

  test('inside an expression are listed as embedded, too, and wait in it for their value', () => {
    const ref = refer(parent, 'id', 0);
    const taken = take(addresses, { email: 'a', userId: sql`${ref} + ${1}` });
    expect(taken?.references).toEqual([ref]);
    expect(taken?.embedded).toEqual([ref]);
    expect(taken?.cells[2]).toMatchObject({ rendered: { params: [new DeferredValue(ref), 1] } });
  });

  test('to a value that is known stand for it inside an expression', () => {
    const taken = take(addresses, { email: 'a', userId: sql`${refer(parent, 'id', 1)} + 1` });
    expect(taken?.cells[2]).toMatchObject({ rendered: { params: [7] } });
    expect(taken?.references).toEqual([]);
  });
});

describe('rows', () => {
  test('that give the same columns alike have one form together, others each their own', () => {
    const forms = formsOfTable(tableShape(dialect, users));
    const alike = take(users, { name: 'a' }, { name: 'b' })?.forms;
    expect(alike).toBe(forms.empty.with(Given.nothing).with(Given.value));
    expect(take(users, { name: 'c' })?.forms).toBe(alike);
    expect(take(users, { name: 'a' }, { name: null }, {})?.forms).toEqual([
      alike,
      alike,
      forms.empty.with(Given.nothing).with(Given.nothing),
    ]);
  });

  test('have a form that says of each column what they give for it', () => {
    const parent = entryOf(users, {});
    const row = { email: sql`upper('a')`, userId: refer(parent, 'id', 0) };
    expect(take(addresses, row)?.forms).toMatchObject({
      columns: [Given.nothing, Given.expression, Given.reference],
    });
  });

  test('without references share the list of none', () => {
    const [one, other] = [take(users, {}), take(addresses, { email: 'a', userId: 3 })];
    expect(one?.references).toEqual([]);
    expect(one?.references).toBe(other?.references);
    expect(one?.embedded).toBe(other?.embedded);
  });
});

test('the size is that of all values', () => {
  expect(take(users, { id: 1, name: 'Ada' }, { name: 'Bob' })?.bytes).toBe(8 + 3 + 3);
});

test("the cells are what drizzle's own insert sends", () => {
  const db = drizzle.mock();
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(fc.option(value), { nil: undefined });
  const row = fc.record(
    {
      id: maybe(fc.integer()),
      huge: maybe(fc.bigInt()),
      amount: maybe(fc.double().map(String)),
      flag: maybe(fc.boolean()),
      note: maybe(fc.oneof(fc.string(), fc.constantFrom(sql`default`, sql`lower(${'A'})`))),
      day: maybe(fc.constant('2020-01-02')),
      moment: maybe(fc.date({ noInvalidDate: true })),
      document: maybe(fc.jsonValue()),
      labels: maybe(fc.array(fc.string())),
      bytes: maybe(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      const plain = db
        .insert(wide)
        .values(rows as (typeof wide.$inferInsert)[])
        .toSQL();
      const { texts, params } = asDrizzle(
        inRows(take(wide, ...rows)?.cells ?? [], tableShape(dialect, wide).columns),
      );
      expect(plain.sql.slice(plain.sql.indexOf(' values ') + 8)).toBe(texts);
      expect(plain.params).toEqual(params);
    }),
  );
});

function asDrizzle(rows: readonly (readonly unknown[])[]): { texts: string; params: unknown[] } {
  const params: unknown[] = [];
  const texts = rows.map((row) => {
    const cells = row.map((cell) => {
      if (cell === undefined) return 'default';
      if (!(cell instanceof Expression)) return `$${params.push(cell)}`;
      return cell.rendered.texts.reduce(
        (text, next, index) => `${text}$${params.push(cell.rendered.params[index - 1])}${next}`,
      );
    });
    return `(${cells.join(', ')})`;
  });
  return { texts: texts.join(', '), params };
}

test('a key that the client makes is made once and stays', () => {
  const [id, , uses, updatedAt] = cells(tokens, { label: 'x' }) ?? [];
  expect(id).toMatch(/^[\da-f-]{36}$/);
  expect([uses, typeof updatedAt]).toEqual([undefined, 'string']);
});
