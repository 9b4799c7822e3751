import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayLiteral, textOf } from '../../../src/driver/text.ts';
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

  test('what JSON would escape is written as it is', () => {
    expect(arrayLiteral(['a\nb "c"', '\u0001', '\ud800 x', '😀 "x"'])).toBe(
      '{"a\nb \\"c\\"",\u0001,"\ud800 x","😀 \\"x\\""}',
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

/** What is viewed. `Buffer.from` reads nothing of a DataView. */
function bytesOf(value: unknown): Buffer {
  if (!ArrayBuffer.isView(value)) return Buffer.from(value as ArrayBuffer);
  return Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
}

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
    expect(kept).toEqual([Buffer.from('bc'), new Uint8Array([97, 98])]);
  });

  test.each<[string, (buffer: ArrayBuffer) => object]>([
    ['an ArrayBuffer', (buffer) => buffer],
    ['a DataView', (buffer) => new DataView(buffer, 2, 4)],
    ...[Int8Array, Uint8ClampedArray, Int16Array, Uint16Array].map(
      (View): [string, (buffer: ArrayBuffer) => object] => [
        `a view ${View.name}`,
        (buffer) => new View(buffer, 2, 2),
      ],
    ),
  ])('%s that is overwritten later is a copy of its kind, of what it viewed', (_, viewOf) => {
    const bytes = Uint8Array.from({ length: 8 }, (_, index) => index);
    const [given, same] = [viewOf(bytes.buffer), viewOf(bytes.slice().buffer)];
    const kept = snapshot(given);
    bytes.fill(255);
    expect(kept).toEqual(same);
    expect(bytesOf(kept)).toEqual(bytesOf(same));
    expect(Object.getPrototypeOf(kept)).toBe(Object.getPrototypeOf(given));
  });

  test('a SharedArrayBuffer that is overwritten later is a copy', () => {
    const shared = new SharedArrayBuffer(2);
    const kept = snapshot(shared);
    new Uint8Array(shared).fill(1);
    expect(Buffer.from(kept as SharedArrayBuffer)).toEqual(Buffer.from([0, 0]));
  });

  test('a Map and a Set that are changed later keep what they held', () => {
    const given = [new Map([[1, { deep: 1 }]]), new Set([1])] as const;
    const kept = given.map(snapshot);
    given[0].set(1, { deep: 2 });
    given[1].clear();
    expect(kept).toEqual([new Map([[1, { deep: 1 }]]), new Set([1])]);
  });

  test('a Blob is no text, so that its column refuses it', () => {
    expect(() => Buffer.from(snapshot(new Blob(['a'])) as ArrayBuffer)).toThrow(TypeError);
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

  test('an object without a prototype that is changed later keeps what it held', () => {
    const given = [Object.assign(Object.create(null), { deep: { a: 1 } })];
    const kept = snapshot(given);
    given[0].deep.a = 2;
    expect(kept).toEqual([{ deep: { a: 1 } }]);
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
    expect(kept.map(String)).toEqual(['1.50', '1.50']);
    expect(kept[0]).toBeInstanceOf(Decimal);
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

  test('a plain object that says its text itself still says it', () => {
    expect(textOf(snapshot({ toString: () => 'said' }))).toBe('said');
    expect(textOf(snapshot({ valueOf: () => 7 }))).toBe('7');
    const broken = { toString: () => ({}) };
    expect(snapshot(broken)).toBe(broken);
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
