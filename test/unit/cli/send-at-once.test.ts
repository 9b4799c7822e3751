import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import postgres from 'postgres';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sendAtOnce } from '../../../cli/src/send-at-once.ts';

type Open = (() => net.Socket & { host: string; port: number }) | undefined;

const openerOf = (options: object): Open => {
  const client = postgres({ ...options, user: 'nobody' });
  sendAtOnce(client);
  return (client.options as unknown as { socket: Open }).socket;
};

test('the command sends at once: each connection that it opens is without the algorithm of Nagle', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const setNoDelay = vi.spyOn(net.Socket.prototype, 'setNoDelay');
  onTestFinished(() => setNoDelay.mockRestore());
  const socket = openerOf({ host: '127.0.0.1', port })?.();
  await once(socket as net.Socket, 'connect');
  expect(socket).toMatchObject({ host: '127.0.0.1', port });
  expect(setNoDelay.mock.calls).toEqual([[true]]);
  socket?.destroy();
});

test('the command leaves a client with several hosts, or with a path, to postgres.js', () => {
  expect(openerOf({ host: ['127.0.0.1', 'localhost'], port: [5432, 5433] })).toBeUndefined();
  expect(openerOf({ path: '/nowhere/.s.PGSQL.5432' })).toBeUndefined();
});
