import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { listenInstead } from './listen-instead.ts';
import { asksForEncryption } from './wire-messages.ts';

/** A server that speaks TLS as PostgreSQL does, in front of a server that may not support it. */
export interface TlsFront {
  /** The target's URL, with the front's host and port. */
  readonly url: string;
  /** Its own certificate, in PEM, for `localhost`. */
  readonly certificate: string;
  close(): Promise<void>;
}

export async function startTlsFront(target: string): Promise<TlsFront> {
  const { hostname, port } = new URL(target);
  const { key, certificate } = selfSigned('localhost');
  const sockets = new Set<Socket>();
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (first: Buffer) => {
      if (!asksForEncryption(first)) return void socket.destroy();
      socket.write('S');
      const client = new TLSSocket(socket, { isServer: true, key, cert: certificate });
      const server = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 5432) });
      sockets.add(server);
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
      client.pipe(server).pipe(client);
    });
  });
  const url = await listenInstead(front, target);
  return {
    url,
    certificate,
    async close() {
      const closed = once(front, 'close');
      front.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A self-signed certificate that lasts longer than any test, in the DER of X.509. */
function selfSigned(name: string): { key: string; certificate: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
  const commonName = der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(name)));
  const distinguished = der(0x30, der(0x31, commonName));
  const validity = der(
    0x30,
    ...['200101000000Z', '491231235959Z'].map((time) => der(0x17, Buffer.from(time))),
  );
  const body = der(
    0x30,
    der(0x02, Buffer.from([1])),
    algorithm,
    distinguished,
    validity,
    distinguished,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const base64 = der(0x30, body, algorithm, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificate: `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

/** One element of DER: its tag, the length of its content, and the content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
