import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { QueryClass } from '../../../src/node-postgres/internals.ts';
import { nodePostgresValues } from '../../../src/node-postgres/values.ts';

const values = nodePostgresValues(pg.Query as unknown as QueryClass);

describe('a value is written as pg writes it', () => {
  test.each<[unknown, string]>([
    ['a', 'a'],
    [1.5, '1.5'],
    [10n, '10'],
    [true, 'true'],
    [[1, null, ['a"b']], '{"1",NULL,{"a\\"b"}}'],
    [{ a: 1 }, '{"a":1}'],
    [{ toPostgres: () => 'own' }, 'own'],
  ])('%o', (value, text) => {
    expect(values.untyped(value, undefined)).toBe(text);
    expect(values.serialize(value, 0)).toBe(text);
  });

  test("null where a value's own toPostgres gives it, which pg sends as NULL", () => {
    expect(values.serialize({ toPostgres: () => null }, 0)).toBeNull();
    expect(values.untyped({ toPostgres: () => null }, undefined)).toBeUndefined();
  });

  test('a date has its local time and offset', () => {
    expect(values.untyped(new Date(0), 'timestamp')).toMatch(
      /^(1970-01-01|1969-12-31)T\d\d:00:00\.000[+-]\d\d:\d\d$/,
    );
  });

  test('bytes have a text for bytea alone, since they are sent in the format of their type', () => {
    const bytes = Buffer.from('ab');
    expect(values.untyped(bytes, 'bytea')).toBe('\\x6162');
    expect(values.untyped(bytes, 'text')).toBeUndefined();
    expect(values.isCastFromDeclared(bytes, 17)).toBe(false);
    expect(values.isCastFromDeclared(bytes, 25)).toBe(true);
  });

  test('what can not be written throws what it threw', () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    expect(() => values.serialize(circular, 0)).toThrow(/circular/);
    const own = new Error('mine');
    const toPostgres = () => {
      throw own;
    };
    expect(() => values.serialize({ toPostgres }, 0)).toThrow(own);
  });

  test('nothing is declared, so nothing is cast', () => {
    expect(values.declaredType(true)).toBeUndefined();
    expect(values.textWriter(25)).toBeUndefined();
  });
});
