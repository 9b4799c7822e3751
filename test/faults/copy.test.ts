import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Driver } from '../../src/driver/driver.ts';
import { command } from '../../src/driver/statement.ts';
import { driver } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { type MessageRelay, startMessageRelay } from '../support/message-relay.ts';
import { endsDuring, rejectionOf } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const text = 'copy logs from stdin';
const good = Buffer.from('info\tfine\n');
/**
 * More data than a socket accepts at once. The server refuses the first line while the rest is still to be
 * written.
 */
const refused = [
  Buffer.from('no\tsuch\tcolumn\n'),
  ...Array.from({ length: 500 }, () => Buffer.alloc(64 * 1024, good)),
];

/** The types of the messages that are sent. */
let sent: string[];
let relay: MessageRelay;
let client: Client;
let ours: Driver;

beforeEach(async () => {
  sent = [];
  relay = await startMessageRelay(database.url, () => ({
    sent: ({ type }) => void sent.push(type),
    answered: ({ bytes }) => [bytes],
  }));
  client = database.client({ max: 1, url: relay.url });
  ours = driver.driverOf(client);
  await driver.query(client, 'truncate logs');
});

afterEach(() => relay.close());

const countLogs = async () => (await driver.query(client, 'select from logs')).length;

describe('a COPY on a held connection', () => {
  test('is answered by its count, and sends no CopyFail behind its data', async () => {
    const connection = await ours.begin();
    expect((await connection.copy(text, [good, good])).count).toBe(2);
    expect((await connection.copy(text, [good])).count).toBe(1);
    await connection.finish(command('commit'));
    expect(await countLogs()).toBe(3);
    expect(sent).toContain('d');
    expect(sent).not.toContain('f');
  });

  test('keeps statements waiting until it is answered', async () => {
    const connection = await ours.begin();
    const [copied, counted] = await Promise.all([
      connection.copy(text, [good]),
      connection.send(command('select count(*)::int from logs')),
    ]);
    expect([copied.count, counted[0]?.[0]]).toEqual([1, 1]);
    await connection.finish(command('rollback'));
  });

  test('that is refused in mid-data rejects with why, and leaves the connection and the process as they should be', async () => {
    const ends = await endsDuring(async () => {
      const connection = await ours.begin();
      expect(await rejectionOf(connection.copy(text, refused))).toMatchObject({ code: '22P04' });
      await connection.finish(command('rollback'));
      expect(await countLogs()).toBe(0);
    });
    expect(ends).toEqual([]);
    expect(sent).not.toContain('f');
  });
});
