import { runInNewContext } from 'node:vm';
import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, test, vi } from 'vitest';
import { asError, codeOf } from '../../src/errors.ts';
import { FlushError } from '../../src/settle/flush-error.ts';
import { BatchedInsertError } from '../../src/take/insert-error.ts';

const cause = Object.assign(new Error('duplicate key'), { code: '23505' });
const describeInsert = () => ({
  sql: 'insert into "users" …',
  params: ['secret'],
  errorParams: ['secret'],
});

describe('BatchedInsertError', () => {
  test("is drizzle's error, whose cause is the driver's", () => {
    const error = new BatchedInsertError({ table: '"users"', rows: 1, describe: describeInsert }, cause);
    expect(error).toBeInstanceOf(DrizzleQueryError);
    expect(error).toMatchObject({
      name: 'Error',
      batchCode: 'INSERT_FAILED',
      table: '"users"',
      rows: 1,
      cause,
    });
    expect(error.constructor.name).toBe('DrizzleQueryError');
    expect(error).not.toHaveProperty('code');
    expect([error.query, error.params]).toEqual(['insert into "users" …', ['secret']]);
  });

  test('names table, rows and cause, and no parameter in its message, its stack or its fields', () => {
    const error = new BatchedInsertError({ table: '"users"', rows: 12_345, describe: describeInsert }, cause);
    expect(error.message).toBe('Failed query: insert of 12,345 rows into "users" failed: duplicate key');
    expect(`${error.stack} ${JSON.stringify(error)} ${Object.keys(error)}`).not.toMatch(
      /secret|"query"|params/,
    );
    expect(error.stack).toContain('errors.test.ts');
  });

  test("has nothing that loops see beside drizzle's fields", () => {
    const given = { table: '"users"', rows: 2, describe: describeInsert };
    const error = new BatchedInsertError(given, cause, { row: 1 });
    expect(error).toMatchObject({ batchCode: 'INSERT_FAILED', table: '"users"', rows: 2, row: 1 });
    expect(Object.keys(error)).toEqual(['cause']);
    expect(Object.keys(new FlushError([], cause, { culprit: given }))).toEqual(['cause']);
  });

  test('lets a program hide what it was to write', () => {
    const error = new BatchedInsertError({ table: '"users"', rows: 1, describe: describeInsert }, cause);
    Object.assign(error, { query: 'insert', params: ['hidden'] });
    expect([error.query, error.params]).toEqual(['insert', ['hidden']]);
  });

  test('describes the insert only when somebody looks', () => {
    const describe = vi.fn(describeInsert);
    const error = new BatchedInsertError({ table: '"users"', rows: 1, describe }, cause);
    expect(describe).not.toHaveBeenCalled();
    expect(error.query).toContain('insert');
    expect(describe).toHaveBeenCalled();
  });
});

test('FlushError says how many rows were not written to which tables, and why', () => {
  const failures = [
    { table: '"users"', rows: 1, code: '23505' },
    { table: '"logs"', rows: 2, code: undefined },
  ];
  const error = new FlushError(failures, cause);
  expect(error).toBeInstanceOf(DrizzleQueryError);
  expect(error.constructor.name).toBe('DrizzleQueryError');
  expect(error).toMatchObject({ name: 'Error', batchCode: 'FLUSH_FAILED', failures, cause });
  expect(error).not.toHaveProperty('code');
  expect([error.query, error.params]).toEqual(['', []]);
  expect(error.message).toBe(
    'Failed query: flush failed: 3 rows not written to "users" (23505), "logs" (no code)',
  );
  const culprit = { table: '"users"', rows: 1, describe: describeInsert };
  expect(new FlushError(failures, cause, { culprit })).toMatchObject({ query: 'insert into "users" …' });
  expect(new FlushError([{ table: '"t"', rows: 1, code: '1' }], cause).message).toContain(
    '1 row not written',
  );
});

test('the code of an error is one that is text', () => {
  expect([cause, { code: 5 }, new Error('none'), null, undefined, 'text'].map(codeOf)).toEqual([
    '23505',
    ...Array(5).fill(undefined),
  ]);
});

test('whatever is thrown becomes an error that keeps it', () => {
  expect(asError(cause)).toBe(cause);
  expect(asError('text')).toMatchObject({ message: 'text', cause: 'text' });
  expect(asError(undefined)).toMatchObject({ message: 'undefined' });
});

test('asError keeps an error of another realm, as those of Node are under Jest', () => {
  const error = runInNewContext("Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED' })");
  expect(error).not.toBeInstanceOf(Error);
  expect(asError(error)).toBe(error);
});
