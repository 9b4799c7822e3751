import type { messages } from '@electric-sql/pglite';
import { expect, test } from 'vitest';
import { errorOf, readReply, splitReplies, statusOf } from '../../../src/pglite/wire.ts';

type Message = messages.BackendMessage;

const message = (name: Message['name'], more: object = {}): Message => ({ name, length: 0, ...more });
const ready = (status: string): Message => message('readyForQuery', { status });
const error = Object.assign(new Error('refused'), { name: 'error' }) as unknown as Message;

test('each statement gets the messages up to its ReadyForQuery', () => {
  const first = [message('parseComplete'), message('commandComplete', { text: 'INSERT 0 1' }), ready('T')];
  const second = [message('parseComplete'), error, ready('E')];
  const replies = splitReplies([...first, ...second]);
  expect(replies).toEqual([first, second]);
  expect(replies.map(statusOf)).toEqual(['T', 'E']);
  expect(replies.map(errorOf)).toEqual([undefined, error]);
});

test('a second ReadyForQuery behind an error is nobody’s', () => {
  const second = [message('parseComplete'), ready('I')];
  expect(splitReplies([error, ready('I'), ready('I'), ...second])).toEqual([[error, ready('I')], second]);
});

test('what is described without a Sync has a reply, too', () => {
  const described = [message('parseComplete'), message('parameterDescription', { dataTypeIDs: [23] })];
  expect(splitReplies(described)).toEqual([described]);
  expect(splitReplies([])).toEqual([]);
});

test('an answer has the rows, the command and its count', () => {
  const fields = [
    { name: 'id', dataTypeID: 23 },
    { name: 'at', dataTypeID: 1184 },
  ];
  const reply = [
    message('rowDescription', { fields }),
    message('dataRow', { fields: ['7', null] }),
    message('dataRow', { fields: ['8', '2020-01-01 00:00:00+00'] }),
    message('commandComplete', { text: 'INSERT 0 2' }),
    ready('I'),
  ];
  const parsers = { 23: Number, 1184: () => 'not drizzle’s' };
  const answer = readReply(reply, parsers, 'values');
  expect([...answer]).toEqual([
    [7, null],
    [8, '2020-01-01 00:00:00+00'],
  ]);
  expect(answer).toMatchObject({ command: 'INSERT', count: 2, fields });
  expect([...readReply(reply, parsers, 'raw')][0]).toEqual(['7', null]);
  expect(readReply([message('commandComplete', { text: 'BEGIN' })], {}, 'values').count).toBeNull();
});
