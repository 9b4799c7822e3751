import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { logs } from '../support/schema.ts';
import { type ClientOptions, useDatabase } from '../support/test-database.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';

const database = useDatabase();

const row = { level: 'info', message: 'a' };

describe('no Nagle', () => {
  afterEach(() => vi.restoreAllMocks());

  const delays = (): boolean[] => {
    const setNoDelay = vi.spyOn(net.Socket.prototype, 'setNoDelay');
    return new Proxy([], {
      get: (_, property) =>
        Reflect.get(
          setNoDelay.mock.calls.map(([value]) => value),
          property,
        ),
    });
  };

  test('setNoDelay(true) is called on each new connection', async () => {
    const calls = delays();
    const client = database.connect({ max: 3 });
    const db = batchedDrizzle(client);
    expect([...calls]).toEqual([]);
    await Promise.all([1, 2, 3].map(() => db.execute('select pg_sleep(0.05)')));
    expect([...calls]).toEqual([true, true, true]);
  });

  test('a client with a `socket` of its own keeps it', async () => {
    const made: net.Socket[] = [];
    const socket = ({ host: [host], port: [port] }: { host: [string]; port: [number] }): net.Socket => {
      const own = net.connect(port, host);
      made.push(own);
      return Object.assign(own, { host, port });
    };
    const client = database.connect({ max: 1, socket } as unknown as ClientOptions);
    const calls = delays();
    const db = batchedDrizzle(client);
    expect((client.options as unknown as { socket: unknown }).socket).toBe(socket);
    await db.insert(logs).values(row);
    expect(made).toHaveLength(1);
    expect([...calls]).toEqual([]);
    expect(db.$client).toBe(client);
  });

  test('several hosts and a path stay as they are', () => {
    const { hostname, port } = new URL(database.url);
    for (const options of [
      { host: [hostname, hostname], port: [Number(port), Number(port)] },
      { path: '/nowhere/.s' },
    ]) {
      const client = postgres(options as never);
      batchedDrizzle(client);
      expect((client.options as unknown as { socket?: unknown }).socket).toBeUndefined();
    }
  });

  test('connections opened before keep Nagle', async () => {
    const client = database.connect({ max: 1 });
    await client`select 1`;
    const calls = delays();
    await batchedDrizzle(client).insert(logs).values(row);
    expect([...calls]).toEqual([]);
  });

  test.each([
    ['idle', { idle_timeout: 0.05 }],
    ['lifetime', { max_lifetime: 0.05 }],
  ])('is had again after an %s reconnect', async (_, options) => {
    const calls = delays();
    const db = batchedDrizzle(database.connect({ max: 1, ...options }));
    await db.insert(logs).values(row);
    await sleep(150);
    await db.insert(logs).values(row);
    // On a busy machine the connection may have been reopened more often than in the two awaited cases.
    expect(calls.length).toBeGreaterThanOrEqual(2);
    expect(new Set(calls)).toEqual(new Set([true]));
  });

  describe('is sound with', () => {
    /** The outcome of an insert on drizzle and on ours, each on its own client. */
    async function outcomes(connect: () => Sql): Promise<[plain: unknown, batched: unknown]> {
      const outcomeOf = async (db: ReturnType<typeof drizzle<Record<string, never>, Sql>>) => {
        try {
          return (await db.insert(logs).values(row)).count;
        } catch (error) {
          const { code } = ((error as Error).cause ?? error) as { code?: string };
          return code;
        } finally {
          await db.$client.end({ timeout: 1 });
        }
      };
      return [await outcomeOf(drizzle(connect())), await outcomeOf(batchedDrizzle(connect()))];
    }

    test('a refused server', async () => {
      const [plain, batched] = await outcomes(() => postgres('postgres://postgres:x@127.0.0.1:1/postgres'));
      expect([plain, batched]).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    });

    test('a silent server, by connect_timeout', async () => {
      const sockets: net.Socket[] = [];
      const silent = net.createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const url = `postgres://postgres:x@127.0.0.1:${(silent.address() as AddressInfo).port}/postgres`;
      const [plain, batched] = await outcomes(() => postgres(url, { connect_timeout: 0.1 }));
      expect([plain, batched]).toEqual(['CONNECT_TIMEOUT', 'CONNECT_TIMEOUT']);
      for (const socket of sockets) socket.destroy();
      silent.close();
    });

    const modes: [string, (front: TlsFront) => ClientOptions['ssl'], expected: unknown][] = [
      ["'require'", () => 'require', 1],
      ["'prefer'", () => 'prefer', 1],
      ["'allow'", () => 'allow', 1],
      ['a certificate of its own', ({ certificate }) => ({ ca: certificate }), 1],
      ["'verify-full'", () => 'verify-full', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ];
    test.each(modes)('TLS: %s', async (_, ssl, expected) => {
      const front = await startTlsFront(database.url);
      try {
        const [plain, batched] = await outcomes(() => postgres(front.url, { ssl: ssl(front) as 'require' }));
        expect([plain, batched]).toEqual([expected, expected]);
      } finally {
        await front.close();
      }
    });
  });
});
