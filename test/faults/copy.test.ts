import net from 'node:net';
import type { Sql } from 'postgres';
import { beforeEach, describe, expect, test } from 'vitest';
import { command } from '../../src/driver/statement.ts';
import { PostgresJsDriver } from '../../src/postgres-js/driver.ts';
import { atEndOfTurnIf } from '../../src/take/schedule.ts';
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

/** The types of the messages that are sent. Each write of postgres.js begins with a message. */
let sent: string[];
let client: Sql;
let driver: PostgresJsDriver;

beforeEach(async () => {
  sent = [];
  const { hostname, port } = new URL(database.url);
  const socket = async () => {
    const opened = net.connect(Number(port), hostname);
    const write = opened.write.bind(opened);
    opened.write = ((bytes: Buffer, ...rest: never[]) => {
      sent.push(String.fromCharCode(bytes[0] ?? 0));
      return write(bytes, ...rest);
    }) as typeof write;
    await new Promise((resolve) => opened.once('connect', resolve));
    return opened;
  };
  client = database.connect({ max: 1, socket } as object);
  driver = new PostgresJsDriver(client, false, atEndOfTurnIf);
  await client`truncate logs`;
});

describe('a COPY on a held connection', () => {
  test('is answered by its count, and sends no CopyFail behind its data', async () => {
    const connection = await driver.begin();
    expect((await connection.copy(text, [good, good])).count).toBe(2);
    expect((await connection.copy(text, [good])).count).toBe(1);
    await connection.finish(command('commit'));
    expect(await client`select from logs`).toHaveLength(3);
    expect(sent).toContain('d');
    expect(sent).not.toContain('f');
  });

  test('keeps statements waiting until it is answered', async () => {
    const connection = await driver.begin();
    const [copied, counted] = await Promise.all([
      connection.copy(text, [good]),
      connection.send(command('select count(*)::int from logs')),
    ]);
    expect([copied.count, counted[0]?.[0]]).toEqual([1, 1]);
    await connection.finish(command('rollback'));
  });

  test('that is refused in mid-data rejects with why, and leaves the connection and the process as they should be', async () => {
    const ends = await endsDuring(async () => {
      const connection = await driver.begin();
      expect(await rejectionOf(connection.copy(text, refused))).toMatchObject({ code: '22P04' });
      await connection.finish(command('rollback'));
      expect(await client`select from logs`).toHaveLength(0);
    });
    expect(ends).toEqual([]);
    expect(sent).not.toContain('f');
  });
});
