import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayLiteral } from '../../../src/driver/text.ts';
import { sizeOf, snapshot } from '../../../src/take/snapshot.ts';
import { parseArrayLiteral } from '../../support/array-literal.ts';

const hostile = fc.constantFrom(
  ...['', 'NULL', 'null', 'NuLl', '"', '\\', '\\"', '{', '}', '{}', ',', ' ', ' a ', 'a b', '\t', '\n', '\r'],
  ...[
    '\v',
    '\f',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\ufeff',
    '\0',
    '\\N',
    '\\.',
    "'",
    "''",
    '$1',
    '--',
    '😀',
    '\ud800',
  ],
);
const texts = fc.oneof(
  hostile,
  fc.string({ unit: 'binary' }),
  fc.array(hostile, { maxLength: 4 }).map((parts) => parts.join('')),
);

describe('arrayLiteral', () => {
  test('PostgreSQL reads back what was written, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.option(texts)), (elements) => {
        expect(parseArrayLiteral(arrayLiteral(elements))).toEqual(elements);
      }),
    );
  });

  test('the string NULL is not NULL', () => {
    expect(arrayLiteral(['NULL', 'null', null, 'NULLS'])).toBe('{"NULL","null",NULL,NULLS}');
  });

  test('only what needs quotes has them', () => {
    expect(arrayLiteral(['1', '-1.5', 'a"b', 'a\\b', '', 'two words', "it's"])).toBe(
      String.raw`{1,-1.5,"a\"b","a\\b","","two words",it's}`,
    );
    expect(arrayLiteral([])).toBe('{}');
  });
});

describe('snapshot', () => {
  test('a Date that is set later keeps the time that it had', () => {
    const date = new Date(0);
    const kept = snapshot(date);
    date.setFullYear(2000);
    expect(kept).toEqual(new Date(0));
  });

  test('bytes that are overwritten later keep what they were, also as a view of a larger buffer', () => {
    const pool = Buffer.from('abcdef');
    const kept = [snapshot(pool.subarray(1, 3)), snapshot(new Uint8Array(pool.buffer, pool.byteOffset, 2))];
    pool.fill('x');
    expect(kept).toEqual([Buffer.from('bc'), Buffer.from('ab')]);
  });

  test('nested arrays and objects that are changed later keep what they held', () => {
    const json = fc.jsonValue();
    fc.assert(
      fc.property(json, (value) => {
        const given = { list: [value, [value]], at: new Date(0) };
        const kept = snapshot(given);
        given.list[1] = 'changed';
        given.at.setFullYear(2000);
        expect(kept).toEqual({ list: [value, [value]], at: new Date(0) });
      }),
    );
    const given = { deep: { deeper: [1] } };
    const kept = snapshot(given);
    given.deep.deeper.push(2);
    expect(kept).toEqual({ deep: { deeper: [1] } });
  });

  test.each([['text'], [1], [-0], [1n], [true], [null], [Number.NaN]])('%s is itself', (value) => {
    expect(snapshot(value)).toBe(value);
  });

  test('an object that says its text itself still says it', () => {
    class Decimal {
      constructor(public digits: string) {}
      toString(): string {
        return this.digits;
      }
    }
    const decimal = new Decimal('1.50');
    const kept = [snapshot(decimal), snapshot([decimal])];
    decimal.digits = 'changed';
    expect([String(kept[0]), kept[1]]).toEqual(['1.50', ['1.50']]);
    expect(`${snapshot(new URL('https://example.com/a'))}`).toBe('https://example.com/a');
  });

  test('an object of a class without a text is a copy of that class, for a serialiser of the client', () => {
    class Point {
      x = 1;
    }
    const point = new Point();
    const kept = snapshot(point);
    point.x = 2;
    expect(kept).toBeInstanceOf(Point);
    expect(kept).toEqual({ x: 1 });
  });

  test('a plain object that says its text itself is that text, as the driver would send it', () => {
    expect(snapshot({ toString: () => 'said' })).toBe('said');
    expect(snapshot({ valueOf: () => 7 })).toBe('7');
    expect(() => snapshot({ toString: () => ({}) })).toThrow(TypeError);
  });

  test("what can't be copied deep is a copy all the same, for a serialiser of the client", () => {
    const method = () => {};
    const given = { method, label: 'then' };
    const kept = snapshot(given);
    given.label = 'later';
    expect(kept).toEqual({ method, label: 'then' });
  });
});

describe('sizeOf', () => {
  test('it grows with what travels', () => {
    expect(sizeOf('abc')).toBe(3);
    expect(sizeOf(Buffer.alloc(10))).toBe(20);
    expect(sizeOf({ a: [1, 2] })).toBe('{"a":[1,2]}'.length);
    expect([sizeOf(1), sizeOf(1n), sizeOf(true), sizeOf(null), sizeOf(undefined)]).toEqual([8, 8, 8, 8, 8]);
  });

  test('an object has one, too, where it holds what JSON can not say', () => {
    expect(sizeOf([2n ** 60n])).toBeGreaterThan(15);
    expect(sizeOf({ toJSON: () => undefined })).toBe(0);
  });
});
