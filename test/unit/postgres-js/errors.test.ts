import { describe, expect, test } from 'vitest';
import { explainConsequence } from '../../../src/driver/consequence.ts';
import { withoutLine } from '../../../src/driver/copy-line.ts';
import { isLoss, noteUnbound, postgresJsErrors } from '../../../src/postgres-js/errors.ts';

const { copy, kindOf, withoutStatement, withStatement, withoutValues } = postgresJsErrors;

/** As postgres.js makes it: with fields that are hidden, and can't be changed. */
class Refused extends Error {
  constructor(fields: object, cause?: Error) {
    super('refused', cause && { cause });
    Object.assign(this, { severity_local: 'ERROR', severity: 'ERROR', ...fields });
  }
}

function refused(fields: object = {}, isShown = false, statement: object = {}): Refused {
  const hidden = { query: 'insert …', parameters: ['hers'], args: ['hers'], types: [25], ...statement };
  const error = new Refused({ code: '23505', table_name: 'users', ...fields });
  for (const [key, value] of Object.entries(hidden))
    Object.defineProperty(error, key, { value, enumerable: isShown });
  return error;
}

describe('a copy of an error', () => {
  test('has its class, its stack and all that is in it, also what is hidden', () => {
    const cause = new Error('cause');
    const error = Object.defineProperty(new Refused({ code: '1' }, cause), 'hidden', { value: 'hidden' });
    const copied = copy(error, 'another message');
    expect(copied).toBeInstanceOf(Refused);
    expect(copied).toMatchObject({ message: 'another message', code: '1', cause, hidden: 'hidden' });
    expect(Object.keys(copied)).toEqual(Object.keys(error));
    expect(copied.stack).toBe(error.stack);
    expect(error.message).toBe('refused');
  });

  test('is made without a call of its class, which may want other arguments', () => {
    class Strict extends Error {
      constructor(options: { text: string }) {
        super(options.text.trim());
      }
    }
    expect(copy(new Strict({ text: 'a' }), 'b')).toBeInstanceOf(Strict);
  });

  test('without the statement has nothing of it, though it could not be changed', () => {
    const error = refused();
    const copied = withoutStatement(error);
    for (const key of ['query', 'parameters', 'args', 'types']) expect(copied).not.toHaveProperty(key);
    expect(copied).toMatchObject({ code: '23505', message: 'refused' });
    const other = new Error('no statement');
    expect(withoutStatement(other)).toBe(other);
  });

  test('without values has class, code, table and constraint, and nothing else', () => {
    const copied = withoutValues(refused({ detail: 'hers', constraint_name: 'c', where: 'hers' }), 'said');
    expect(copied).toBeInstanceOf(Refused);
    expect(copied).toMatchObject({
      message: 'said',
      code: '23505',
      table_name: 'users',
      constraint_name: 'c',
    });
    expect(`${JSON.stringify(copied)} ${copied.stack}`).not.toContain('hers');
  });
});

describe('an error with the statement of its caller', () => {
  const toText = (value: unknown) => {
    if (typeof value === 'symbol') throw new TypeError('no text');
    return `text of ${value}`;
  };
  const describeOwn = () => ({ sql: 'own', params: [1, null, Symbol.iterator] });

  test('has texts for its parameters, as postgres.js has them; null and what has no text stay what they are', () => {
    const own = withStatement(refused(), describeOwn, toText) as unknown as Record<string, unknown>;
    expect(own).toMatchObject({ query: 'own', args: [1, null, Symbol.iterator] });
    expect(own.parameters).toEqual(['text of 1', null, Symbol.iterator]);
    expect(own).not.toHaveProperty('types');
  });

  test('has the types of its parameters if it was sent by itself', () => {
    const query = 'insert into "users" ("name") values ($1, $2, $3)';
    const sent = (types: number[]) =>
      withStatement(refused({}, false, { query, types }), describeOwn, toText);
    expect(sent([23, 25, 25])).toMatchObject({ types: [23, 25, 25] });
    expect((sent([1009]) as { types?: unknown }).types).toBeUndefined();
  });

  test.each([true, false])('shows it to loops as the client does (debug: %s)', (isShown) => {
    const own = withStatement(refused({}, isShown), describeOwn, toText);
    for (const key of ['query', 'parameters', 'args'])
      expect(Object.getOwnPropertyDescriptor(own, key)?.enumerable).toBe(isShown);
  });
});

describe('the line of a COPY', () => {
  test.each([
    ['COPY people, line 1: "hers"\nand more of hers', undefined],
    ['PL/pgSQL function f() line 2\nCOPY people, line 1: "hers"', 'PL/pgSQL function f() line 2'],
    ['таблица people, строка 1: "hers"', undefined],
  ])('is left out of the context: %j', (where, left) => {
    const copied = withoutLine(refused({ where }), postgresJsErrors);
    expect((copied as { where?: string }).where).toBe(left);
    expect('where' in copied).toBe(left !== undefined);
  });
});

describe('the kind of an error', () => {
  const made = (fields: object) => Object.assign(new Error(), fields);

  test.each<[object, string]>([
    [{ severity: 'ERROR', severity_local: 'ERROR', code: '23505' }, 'answer'],
    // A pooler has lost its server, and a caller's `socket` function may throw anything.
    [{ severity_local: 'FATAL', code: '08P01' }, 'lost'],
    [{ severity: 'high', code: 'BROKEN' }, 'lost'],
    [{ code: 'ECONNREFUSED' }, 'unopened'],
    [{ code: 'UNDEFINED_VALUE' }, 'unsent'],
    [{ code: 'CONNECTION_CLOSED' }, 'lost'],
    [{}, 'other'],
  ])('%o is %s', (fields, kind) => {
    expect(kindOf(made(fields))).toBe(kind);
  });

  test('is unsent for a value that a serialiser refused, whatever its code, and never for a loss or an answer', () => {
    const ofValue = made({ code: 'ANY' });
    const lost = made({ code: 'CONNECTION_CLOSED' });
    const answer = refused();
    for (const error of [ofValue, lost, answer]) noteUnbound(error);
    expect([ofValue, lost, answer].map(kindOf)).toEqual(['unsent', 'lost', 'answer']);
  });

  test.each([
    [{ code: 'CONNECTION_CLOSED' }, true],
    [{ code: 'CONNECTION_DESTROYED' }, true],
    [{ code: 'ECONNRESET', errno: -104 }, true],
    [{ code: 'UNDEFINED_VALUE' }, false],
  ])('%o is a loss of the connection: %s', (fields, isLost) => {
    expect(isLoss(made(fields))).toBe(isLost);
  });
});

describe('an error that follows from another one (25P02)', () => {
  test('has it as a cause, which loops do not see, without its values', () => {
    const error = refused({ code: '25P02' });
    const failure = refused({ detail: 'hers' });
    expect(explainConsequence(postgresJsErrors, error, failure)).toBe(failure);
    expect(error.cause).toMatchObject({
      code: '23505',
      message: 'an earlier statement of the transaction failed with 23505',
    });
    expect(Object.keys(error)).not.toContain('cause');
    expect(JSON.stringify(error.cause)).not.toContain('hers');
  });

  test('keeps a cause of its own', () => {
    const cause = new Error('own');
    const error = new Refused({ code: '25P02' }, cause);
    explainConsequence(postgresJsErrors, error, refused());
    expect(error.cause).toBe(cause);
  });
});
