import { describe, expect, test } from 'vitest';
import { CopyStatement, RawValue, type Statement } from '../../../src/driver/statement.ts';
import { countRoundTrips } from '../../../src/send/count-round-trips.ts';

const statement = (params: number, guarded = true): Statement => ({
  text: '',
  params: Array.from({ length: params }, () => ''),
  answer: 'values',
  guarded,
});
const three = [statement(1), statement(0), statement(2)];
const began = { describes: false, mayFollow: true, end: 'commit' } as const;

describe('a flight', () => {
  test('is one trip, BEGIN and COMMIT along with it', () => {
    expect(countRoundTrips({ ...began, statements: three })).toBe(1);
    expect(countRoundTrips({ ...began, statements: three, mayFollow: false })).toBe(1);
  });

  test('is two where a statement of it waits for BEGIN', () => {
    const statements = [...three, statement(1, false)];
    expect(countRoundTrips({ ...began, statements, mayFollow: false })).toBe(2);
    expect(countRoundTrips({ ...began, statements })).toBe(1);
  });

  test('that is described is two trips for each statement with parameters, and one for what lies between', () => {
    const described = { ...began, describes: true, statements: three };
    expect(countRoundTrips({ ...described, end: 'open' })).toBe(5);
    expect(countRoundTrips(described)).toBe(6);
    expect(countRoundTrips({ ...described, mayFollow: false })).toBe(7);
    expect(
      countRoundTrips({ ...described, statements: [statement(0), statement(0)], mayFollow: false }),
    ).toBe(1);
  });

  test('with raw values is two trips for each statement that has some, and one for what lies between', () => {
    const raw: Statement = { ...statement(0), params: ['', new RawValue([1])] };
    const count = (statements: Statement[], mayFollow = true) =>
      countRoundTrips({ ...began, statements, mayFollow, end: 'open' });
    expect(count([raw])).toBe(2);
    expect(count([statement(1), statement(1), raw, statement(1), statement(0)])).toBe(4);
    expect(count([raw], false)).toBe(3);
    expect(count([statement(1), raw], false)).toBe(3);
    expect(count([statement(1, false), raw], false)).toBe(4);
  });

  test('is one trip more for each COPY, whose data the server asks for', () => {
    const copy = new CopyStatement('copy', () => (async function* () {})(), true);
    const statements = [statement(1), copy, statement(1), copy];
    expect(countRoundTrips({ ...began, statements, mayFollow: false })).toBe(3);
    expect(countRoundTrips({ ...began, statements: [statement(1), copy], describes: true })).toBe(4);
  });

  test('is no trip more for a COPY that leaves with its data, unless they wait for an answer of the flight', () => {
    const copy = (isReady: boolean) => new CopyStatement('copy', () => (async function* () {})(), isReady);
    const count = (...statements: Statement[]) =>
      countRoundTrips({ ...began, statements, copiesAhead: true });
    expect(count(statement(1), copy(true), copy(true))).toBe(1);
    expect(count(statement(1), copy(false), copy(false))).toBe(3);
    expect(count(copy(false))).toBe(1);
  });
});
