import { describe, expect, test } from 'vitest';
import { Engine } from '../../../src/facts/engine.ts';
import { postgresJsErrors } from '../../../src/postgres-js/errors.ts';

const lost = Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' });
const unopened = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

function answer(code: string, message = 'refused'): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR', severity_local: 'ERROR' });
}

describe('transactions are given up', () => {
  test.each([lost, answer('08P01'), answer('57P01')])(
    'if the first BEGIN of a client ends with %o',
    (error) => {
      const engine = new Engine();
      expect(engine.noteUnbegun(error, postgresJsErrors)).toBe(true);
      expect(engine.takesTransactions).toBe(false);
    },
  );

  test('but not if it is refused on a connection that stays', () => {
    const engine = new Engine();
    expect(engine.noteUnbegun(answer('42501'), postgresJsErrors)).toBe(false);
    expect(engine.takesTransactions).toBeUndefined();
  });

  test('but not by a server that has begun one', () => {
    const engine = new Engine();
    engine.takesTransactions = true;
    expect(engine.noteUnbegun(lost, postgresJsErrors)).toBe(false);
    expect(engine.takesTransactions).toBe(true);
  });

  test.each([lost, unopened])(
    'but not for long if a statement by itself ends with %o, too: then the server was gone',
    (error) => {
      const engine = new Engine();
      engine.noteUnbegun(lost, postgresJsErrors);
      engine.noteAlone(answer('23505'), postgresJsErrors);
      expect(engine.takesTransactions).toBe(false);
      engine.noteAlone(error, postgresJsErrors);
      expect(engine.takesTransactions).toBeUndefined();
    },
  );
});

describe('the catalog is asked no more', () => {
  test.each(['42P01', '42501', '0A000'])('if a question is refused with %s', (code) => {
    const engine = new Engine();
    expect(engine.noteRefusal(answer(code), postgresJsErrors)).toBe(true);
    expect(engine.refusesCatalog).toBe(true);
  });

  test.each([answer('57014'), answer('53300'), lost, Object.assign(new Error(), { code: '42501' })])(
    'but asked again if it has failed with %o',
    (error) => {
      const engine = new Engine();
      expect(engine.noteRefusal(error, postgresJsErrors)).toBe(false);
      expect(engine.refusesCatalog).toBe(false);
    },
  );
});

describe('a LOCK ahead of the rows', () => {
  test.each([
    ['0A000', true],
    ['42601', true],
    ['42501', false],
    ['42809', false],
    ['42P01', false],
    ['3F000', false],
  ])('that is refused with %s may mean that facts are outdated; locks are given up: %s', (code, refuses) => {
    const engine = new Engine();
    expect(engine.noteAhead(answer(code))).toBe(true);
    expect(engine.refusesLocks).toBe(refuses);
  });

  test('that is not granted in time says nothing about either', () => {
    const engine = new Engine();
    expect(engine.noteAhead(answer('55P03'))).toBe(false);
    expect(engine.refusesLocks).toBe(false);
  });
});

test('settings are used no more if a statement is refused because of one of their functions', () => {
  for (const name of ['set_config', 'current_setting']) {
    const engine = new Engine();
    engine.noteSettings(answer('23505', 'a constraint'));
    expect(engine.refusesSettings).toBe(false);
    engine.noteSettings(answer('42501', `permission denied for function ${name}`));
    expect(engine.refusesSettings).toBe(true);
  }
});

test.each([
  ['CockroachDB', { crdb_version: 'CockroachDB CCL v25.1' }, true],
  ['YugabyteDB', { server_version: '15.2-YB-2.25.0.0-b0' }, true],
  ['Redshift', { server_version: '8.0.2' }, true],
  ['PostgreSQL', { server_version: '18.0' }, false],
  ['a server that has not introduced itself', {}, false],
])('%s is asked nothing and keeps no settings if it is another engine: %o, %s', (_, parameters, isOther) => {
  const engine = new Engine(parameters as Record<string, string>);
  expect([engine.isOther, engine.refusesCatalog, engine.refusesSettings]).toEqual([
    isOther,
    isOther,
    isOther,
  ]);
});
