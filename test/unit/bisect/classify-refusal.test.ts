import postgres from 'postgres';
import { describe, expect, test } from 'vitest';
import { classifyRefusal } from '../../../src/bisect/classify-refusal.ts';
import { isCommitLost } from '../../../src/driver/errors.ts';
import { BatchedDrizzleError } from '../../../src/errors.ts';
import { postgresJsErrors } from '../../../src/postgres-js/errors.ts';

/** An error from the database. The constructor accepts fields, although its type does not declare that. */
function answered(code: string, severity = 'ERROR'): Error {
  const PostgresError = postgres.PostgresError as unknown as new (fields: object) => Error;
  return new PostgresError({ message: 'answered', code, severity, severity_local: severity });
}

function ofDriver(code?: string): Error {
  return Object.assign(new Error('of the driver'), code === undefined ? {} : { code });
}

/** PgBouncer's error for a lost server. It has only the severity field that servers translate. */
const ofPooler = Object.assign(new Error('server conn crashed?'), { code: '08P01', severity_local: 'FATAL' });

describe('the fate of a batch', () => {
  test.each(['23505', '22P02', '42P01', '57014', '25P04', 'P0001', 'XX000'])(
    'refused with %s a part of it may fare better',
    (code) => expect(classifyRefusal({ error: answered(code) }, postgresJsErrors)).toBe('split'),
  );

  test.each(['55P03', '40P01', '40001', '25P02'])('with %s its entries may wait alone', (code) =>
    expect(classifyRefusal({ error: answered(code) }, postgresJsErrors)).toBe('retryAlone'),
  );

  test.each(['08006', '25006', '53100', '53300', '57P01', '57P03'])(
    'with %s no part of it would fare better',
    (code) => expect(classifyRefusal({ error: answered(code) }, postgresJsErrors)).toBe('fail'),
  );

  test.each(['CONNECTION_CLOSED', 'ECONNRESET', 'ECONNREFUSED', 'CONNECT_TIMEOUT', 'CONNECTION_ENDED'])(
    'is sealed without a connection: %s',
    (code) => expect(classifyRefusal({ error: ofDriver(code) }, postgresJsErrors)).toBe('fail'),
  );

  test('is sealed where its rows stand', () => {
    for (const code of ['MISMATCHED_ANSWER', 'UNSUPPORTED_CLIENT'] as const)
      expect(classifyRefusal({ error: new BatchedDrizzleError(code, 'own') }, postgresJsErrors)).toBe('fail');
  });

  test('is open where a statement of it could not be made or sent', () => {
    expect(classifyRefusal({ error: ofDriver('MAX_PARAMETERS_EXCEEDED') }, postgresJsErrors)).toBe('split');
    expect(
      classifyRefusal({ error: new BatchedDrizzleError('BAD_REFERENCE', 'own') }, postgresJsErrors),
    ).toBe('split');
    expect(classifyRefusal({ error: new TypeError('not to be sent') }, postgresJsErrors)).toBe('split');
  });
});

describe('the outcome of a COMMIT', () => {
  test.each([
    ofDriver('CONNECTION_CLOSED'),
    ofDriver('CONNECTION_DESTROYED'),
    ofDriver('ECONNRESET'),
    ofDriver('EPIPE'),
    answered('57P01', 'FATAL'),
    answered('XX000', 'PANIC'),
    ofPooler,
  ])('is unknown where the connection or the server went before it answered: %s', (error) =>
    expect(isCommitLost(postgresJsErrors, error)).toBe(true),
  );

  test.each([
    answered('23505'),
    answered('57014'),
    answered('25P04', 'FATAL'),
    ofDriver('ECONNREFUSED'),
    ofDriver('CONNECTION_ENDED'),
    ofDriver(),
    new BatchedDrizzleError('TRANSACTION_NOT_COMMITTED', 'answered with ROLLBACK'),
  ])('is known where the server refused it, or nothing was sent: %s', (error) =>
    expect(isCommitLost(postgresJsErrors, error)).toBe(false),
  );
});
