import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asksForEncryption,
  MessageReader,
  MessageSplitter,
  START_UP,
  statementText,
  wordsOf,
} from '../../support/wire-messages.ts';

const message = (type: string, body: Buffer | string = '') => {
  const header = Buffer.alloc(type.length + 4);
  header.write(type);
  header.writeInt32BE(Buffer.byteLength(body) + 4, type.length);
  return Buffer.concat([header, Buffer.from(body)]);
};

const ends = (reader: MessageReader, chunk: Buffer) =>
  reader.push(chunk).flatMap((event) => (event.at === 'end' ? [[event.type, event.body.toString()]] : []));

describe('MessageReader', () => {
  test('the first message of a client has no type', () => {
    const reader = new MessageReader('client', 'Q');
    const bytes = Buffer.concat([message('', 'user\0me\0'), message('Q', 'select 1\0')]);
    expect(ends(reader, bytes)).toEqual([
      [START_UP, ''],
      ['Q', 'select 1\0'],
    ]);
  });

  test('the first message of a server has one', () => {
    expect(ends(new MessageReader('server', 'Z'), message('Z', 'I'))).toEqual([['Z', 'I']]);
  });

  test('only the bodies asked for are kept', () => {
    const bytes = Buffer.concat([message('D', 'row'), message('C', 'SELECT 1\0')]);
    expect(ends(new MessageReader('server', 'C'), bytes)).toEqual([
      ['D', ''],
      ['C', 'SELECT 1\0'],
    ]);
  });

  test('a message starts with its header, before its body has come', () => {
    const reader = new MessageReader('server');
    const bytes = message('D', 'a long row');
    expect(reader.push(bytes.subarray(0, 4))).toEqual([]);
    expect(reader.push(bytes.subarray(4, 9))).toEqual([{ at: 'start', type: 'D' }]);
    expect(reader.push(bytes.subarray(9))).toMatchObject([{ at: 'end', type: 'D' }]);
  });

  test('the chunks in which the bytes come change nothing', () => {
    const messages = fc.array(fc.tuple(fc.constantFrom('P', 'B', 'E', 'S', 'Q'), fc.string()), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(messages, fc.array(fc.nat({ max: 30 })), (sent, lengths) => {
        const reader = new MessageReader('server', 'PBESQ');
        let rest = Buffer.concat(sent.map(([type, body]) => message(type, body)));
        const received = lengths.flatMap((length) => {
          const chunk = rest.subarray(0, length);
          rest = rest.subarray(length);
          return ends(reader, chunk);
        });
        expect([...received, ...ends(reader, rest)]).toEqual(sent);
      }),
    );
  });
});

test('statementText reads Query and Parse', () => {
  expect(statementText('Q', Buffer.from('select 1\0'))).toBe('select 1');
  expect(statementText('P', Buffer.from('name\0select $1\0\0\x01\0\0\0\x17'))).toBe('select $1');
  expect(statementText('P', Buffer.from('\0select 1\0\0\0'))).toBe('select 1');
});

test('asksForEncryption knows an SSLRequest from a start-up message', () => {
  expect(asksForEncryption(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]))).toBe(true);
  expect(asksForEncryption(message('', Buffer.from([0, 3, 0, 0, 0])))).toBe(false);
});

test('MessageSplitter gives whole messages, byte for byte, however the bytes are split', () => {
  const messages = [message('', 'user\0me\0'), message('Q', 'select 1\0'), message('X')];
  const bytes = Buffer.concat(messages);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const splitter = new MessageSplitter('client');
      const got = edges.slice(1).flatMap((end, index) => splitter.push(bytes.subarray(edges[index], end)));
      expect(got.map(({ type }) => type)).toEqual([START_UP, 'Q', 'X']);
      expect(got.map((each) => Buffer.from(each.bytes))).toEqual(messages);
    }),
  );
});

test('wordsOf reads the statement of a client and the tag of a server, and what COPY is made of', () => {
  expect(wordsOf({ type: 'Q', bytes: message('Q', 'begin\0') })).toBe('begin');
  expect(wordsOf({ type: 'P', bytes: message('P', 'name\0select $1\0') })).toBe('select $1');
  expect(wordsOf({ type: 'C', bytes: message('C', 'INSERT 0 1\0') })).toBe('INSERT 0 1');
  expect(wordsOf({ type: 'G', bytes: message('G', '\0\0\0') })).toBe('CopyInResponse');
  expect(wordsOf({ type: 'K', bytes: message('K', '\0\0\0\x01') })).toBe('BackendKeyData');
  expect(wordsOf({ type: 'd', bytes: message('d', '1\tAda\n') })).toBe('1\tAda\n');
  expect(wordsOf({ type: 'c', bytes: message('c', '') })).toBe('CopyDone');
  expect(wordsOf({ type: 'Z', bytes: message('Z', 'I') })).toBe('ReadyForQuery');
  expect(wordsOf({ type: 'T', bytes: message('T', '') })).toBeUndefined();
});
