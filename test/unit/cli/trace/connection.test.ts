import { beforeEach, describe, expect, test } from 'vitest';
import type { Line, StatementLine, TripLine } from '../../../../cli/src/trace/lines.ts';
import { Connection } from '../../../../cli/src/trace/observe/connection.ts';

let lines: Line[];
let connection: Connection;

/** A message of the protocol. A start-up message has no type. */
function message(type: string, body = ''): Buffer {
  const bytes = Buffer.from(body, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length + 4);
  return Buffer.concat([Buffer.from(type, 'latin1'), length, bytes]);
}

const sends = (...messages: Buffer[]) => connection.sends(Buffer.concat(messages));
const answers = (...messages: Buffer[]) => connection.receives(Buffer.concat(messages));

const parse = (text: string) => message('P', `\0${text}\0\0\0`);
const [bind, describeIt, execute, sync] = [
  message('B', '\0\0\0\0\0\0\0\0'),
  message('D', 'P\0'),
  message('E', '\0\0\0\0\0'),
  message('S'),
];
const flush = message('H');
const query = (text: string) => message('Q', `${text}\0`);
const [parsed, bound, noData] = [message('1'), message('2'), message('n')];
const done = (tag: string) => message('C', `${tag}\0`);
const ready = (state: 'I' | 'T' | 'E') => message('Z', state);
const refused = message('E', 'SERROR\0\0');

const trips = () => lines.filter((line): line is TripLine => line.kind === 'trip' && !line.isStart);
const statements = () => lines.filter((line): line is StatementLine => line.kind === 'statement');
const whatOf = () => statements().map(({ what, transaction }) => [what, transaction > 0]);

beforeEach(() => {
  lines = [];
  connection = new Connection({ record: (line: Line) => void lines.push(line) } as never, () => {});
  sends(message('', '\0\x03\0\0user\0me\0\0'));
  answers(message('R', '\0\0\0\0'), message('K', '\0\0\0\x07\0\0\0\0'), ready('I'));
});

test('the start of a connection is a trip of its own, and names the process of the server', () => {
  expect(lines).toMatchObject([{ kind: 'trip', isStart: true, statements: [] }]);
  expect(connection.pid).toBe(7);
});

describe('a trip', () => {
  test('is one for statements that are sent before the first is answered', () => {
    for (const text of ['select 1', 'select 2', 'select 3']) sends(query(text));
    for (const _ of [1, 2, 3]) answers(done('SELECT 1'), ready('I'));
    expect(trips()).toHaveLength(1);
    expect(trips()[0]?.statements).toHaveLength(3);
  });

  test('is two for a statement that is described before it is bound', () => {
    sends(parse('select $1'), describeIt, flush);
    answers(parsed, noData);
    sends(bind, execute, sync);
    answers(bound, done('SELECT 1'), ready('I'));
    expect(trips()).toHaveLength(2);
    expect(statements()).toHaveLength(1);
    expect(trips()[0]?.statements).toEqual(trips()[1]?.statements);
  });

  test('begins anew with COPY data, and the end of a connection is none', () => {
    sends(query('copy users from stdin'));
    answers(message('G', '\0\0\0'));
    sends(message('d', 'a\n'), message('c'));
    answers(done('COPY 1'), ready('I'));
    sends(message('f', 'ended\0'), message('X'));
    expect(trips()).toHaveLength(2);
    expect(statements()).toHaveLength(1);
  });

  test('is found whatever pieces the bytes come in', () => {
    const sent = Buffer.concat([parse('insert into users values ($1)'), bind, describeIt, execute, sync]);
    for (const byte of sent) connection.sends(Buffer.of(byte));
    for (const byte of Buffer.concat([parsed, bound, noData, done('INSERT 0 1'), ready('I')]))
      connection.receives(Buffer.of(byte));
    expect(trips()).toHaveLength(1);
    expect(statements()).toMatchObject([{ what: 'insert into users' }]);
  });
});

describe('a transaction', () => {
  test('is found by the states of the server, one statement after another', () => {
    for (const [text, tag, state] of [
      ['begin', 'BEGIN', 'T'],
      ['select 1', 'SELECT 1', 'T'],
      ['commit', 'COMMIT', 'I'],
      ['select 2', 'SELECT 1', 'I'],
    ] as const) {
      sends(query(text));
      answers(done(tag), ready(state));
    }
    expect(whatOf()).toEqual([
      ['begin', true],
      ['select', true],
      ['commit', true],
      ['select', false],
    ]);
  });

  test('is found by the tags if all of it has one Sync', () => {
    for (const text of ['begin', 'insert into users values (1)', 'commit']) sends(parse(text), bind, execute);
    sends(sync);
    for (const tag of ['BEGIN', 'INSERT 0 1', 'COMMIT']) answers(parsed, bound, done(tag));
    answers(ready('I'));
    expect(trips()).toHaveLength(1);
    expect(whatOf()).toEqual([
      ['begin', true],
      ['insert into users', true],
      ['commit', true],
    ]);
  });

  test('that COMMIT AND CHAIN begins is another one', () => {
    for (const text of ['begin', 'commit and chain', 'select 1', 'rollback to a', 'rollback'])
      sends(query(text));
    for (const [tag, state] of [
      ['BEGIN', 'T'],
      ['COMMIT', 'T'],
      ['SELECT 1', 'T'],
      ['ROLLBACK', 'T'],
      ['ROLLBACK', 'I'],
    ] as const)
      answers(done(tag), ready(state));
    const [first, second, third, fourth, fifth] = statements().map(({ transaction }) => transaction);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect([fourth, fifth]).toEqual([third, third]);
  });

  test('has the statements that the server skips behind one that it refuses', () => {
    sends(query('begin'));
    answers(done('BEGIN'), ready('T'));
    sends(parse('select 1 / 0'), bind, execute, parse('select 2'), bind, execute, sync);
    answers(parsed, refused, ready('E'));
    expect(whatOf()).toEqual([
      ['begin', true],
      ['select', true],
      ['select', true],
    ]);
    expect(trips()).toHaveLength(2);
  });
});
