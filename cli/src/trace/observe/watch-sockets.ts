/** Finds the connections to PostgreSQL among the sockets of the process, by the first bytes that they send. */
import { Socket } from 'node:net';
import { Connection } from './connection.ts';
import type { Recorder } from './recorder.ts';

/** Of a socket: its connection, or `null` if it is no connection to PostgreSQL. */
const known = new WeakMap<object, Connection | null>();
const byPid = new Map<number, Connection>();

export const connectionOf = (socket: object | undefined): Connection | undefined =>
  (socket && known.get(socket)) ?? undefined;

export const connectionOfPid = (pid: number | undefined): Connection | undefined =>
  pid === undefined ? undefined : byPid.get(pid);

type Write = (this: Socket, chunk: unknown, ...rest: unknown[]) => boolean;

/** Both drivers write to `net.Socket`; a TLS socket inherits its method, and gets the bytes before they are encrypted. */
export function watchSockets(recorder: Recorder): void {
  const prototype = Socket.prototype as unknown as { write: Write };
  const { write } = prototype;
  prototype.write = function (chunk, ...rest) {
    let connection = known.get(this);
    if (connection === undefined) connection = recognise(this, chunk, recorder);
    if (connection) unnoticed(() => connection.sends(bytesOf(chunk, rest[0])));
    return write.call(this, chunk, ...rest);
  };
}

/** The request for encryption comes before the first bytes that tell. */
const encryptionRequest = 80_877_103;

function recognise(socket: Socket, chunk: unknown, recorder: Recorder): Connection | null | undefined {
  const isStartUp = Buffer.isBuffer(chunk) && chunk.length >= 8 && chunk.readUInt32BE(0) < 10_000;
  const code = isStartUp ? chunk.readUInt32BE(4) : 0;
  if (code === encryptionRequest) return undefined;
  const isPostgres = code >>> 16 === 3;
  const connection = isPostgres ? new Connection(recorder, (found) => byPid.set(found.pid, found)) : null;
  known.set(socket, connection);
  if (connection) watchAnswers(socket, connection);
  return connection;
}

/** Not by a listener for `data`: that would start the flow before the driver's own is there. */
function watchAnswers(socket: Socket, connection: Connection): void {
  const { push } = socket;
  socket.push = function (chunk, encoding) {
    if (Buffer.isBuffer(chunk)) unnoticed(() => connection.receives(chunk));
    return push.call(this, chunk, encoding);
  };
  socket.once('close', () => {
    connection.ends();
    if (byPid.get(connection.pid) === connection) byPid.delete(connection.pid);
  });
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : (chunk as Buffer);
}

/** What goes wrong here must not reach the program. */
function unnoticed(look: () => void): void {
  try {
    look();
  } catch {
    // The trip is not counted then.
  }
}
