import { describe, expect, test } from 'vitest';
import { Engine } from '../../../src/facts/engine.ts';
import { postgresJsErrors } from '../../../src/postgres-js/errors.ts';

const lost = Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' });
const refused = Object.assign(new Error('a constraint'), {
  code: '23505',
  severity: 'ERROR',
  severity_local: 'ERROR',
});

describe('transactions are given up', () => {
  test('if the first BEGIN of a client is lost', () => {
    const engine = new Engine();
    expect(engine.noteUnbegun(lost, postgresJsErrors)).toBe(true);
    expect(engine.takesTransactions).toBe(false);
  });

  test('but not by a server that has begun one', () => {
    const engine = new Engine();
    engine.takesTransactions = true;
    expect(engine.noteUnbegun(lost, postgresJsErrors)).toBe(false);
    expect(engine.takesTransactions).toBe(true);
  });

  test('but not for long if a statement by itself is lost too: then the server was gone', () => {
    const engine = new Engine();
    engine.noteUnbegun(lost, postgresJsErrors);
    engine.noteAlone(refused, postgresJsErrors);
    expect(engine.takesTransactions).toBe(false);
    engine.noteAlone(lost, postgresJsErrors);
    expect(engine.takesTransactions).toBeUndefined();
  });
});
