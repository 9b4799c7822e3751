import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { isCommitLost, isLost } from '../../../src/driver/errors.ts';
import { nodePostgresErrors as errors, isEndOfSession, noteKind } from '../../../src/node-postgres/errors.ts';

const refused = (fields: object) =>
  Object.assign(new pg.DatabaseError('refused', 10, 'error'), { severity: 'ERROR', ...fields });

describe('the kind of an error', () => {
  test('of the server is an answer, whatever is noted of it', () => {
    expect(errors.kindOf(noteKind(refused({ code: '23505' }), 'lost'))).toBe('answer');
  });

  test('of the client is what was noted where it occurred, since it has no code', () => {
    const lost = noteKind(new Error('Connection terminated unexpectedly'), 'lost');
    expect(isLost(errors, lost)).toBe(true);
    expect(isCommitLost(errors, lost)).toBe(true);
    expect(errors.kindOf(noteKind(new Error('no'), 'unopened'))).toBe('unopened');
    expect(errors.kindOf(new Error('of a parser'))).toBe('other');
  });

  test.each([
    ['ECONNREFUSED', 'unopened'],
    ['ECONNRESET', 'lost'],
    ['UNDEFINED_VALUE', 'unsent'],
  ])('with the code %s of the system is %s', (code, kind) => {
    expect(errors.kindOf(Object.assign(new Error(), { code }))).toBe(kind);
  });

  test('stays with a copy', () => {
    const copied = errors.copy(noteKind(new Error('a'), 'lost'), 'b');
    expect([copied.message, errors.kindOf(copied)]).toEqual(['b', 'lost']);
  });
});

test.each([
  [{ severity: 'FATAL', code: '57P01' }, true],
  [{ severity: 'FATAL', code: '08P01' }, true],
  [{ severity: 'ВАЖНО', code: '57P01' }, true],
  [{ severity: 'ERROR', code: '57014' }, false],
  [{ severity: 'ERROR', code: '57P01' }, false],
])('an error of %o ends its session: %s', (fields, isEnd) => {
  expect(isEndOfSession(refused(fields))).toBe(isEnd);
});

test('without values an error keeps its code and what it is about, and no more', () => {
  const error = refused({
    code: '23505',
    table: 'users',
    constraint: 'k',
    detail: 'Key (a)=(secret)',
    where: 'secret',
  });
  const shown = errors.withoutValues(error, 'said otherwise');
  expect(shown).toBeInstanceOf(pg.DatabaseError);
  expect(shown).toMatchObject({ message: 'said otherwise', code: '23505', table: 'users', constraint: 'k' });
  expect(JSON.stringify(shown)).not.toContain('secret');
  expect([errors.tableOf(error), errors.columnOf(error)]).toEqual(['users', undefined]);
});
