import { createReadStream, existsSync, statSync } from 'node:fs';
import { addAbortSignal, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';

/** A file or stdin, read as bytes. */
export interface Source {
  /** The name that messages use. */
  readonly name: string;
  /** The size of the file in bytes, compressed if it is; `undefined` for stdin. */
  readonly size: number | undefined;
  /** How many of these bytes have been read. */
  readBytes(): number;
  /** Blocks in order; a block may end in the middle of a row, or of a character. */
  readonly bytes: AsyncIterable<Buffer>;
}

const blockBytes = 256 * 1024;

/** @throws {CommandError} if there is no such file */
export function openSource(path: string | undefined, stdin: Readable, signal: AbortSignal): Source {
  if (path === undefined || path === '-') return readSource('stdin', undefined, stdin, signal);
  if (!existsSync(path)) throw new CommandError(`${path}: no such file`);
  if (!statSync(path).isFile()) throw new CommandError(`${path} is not a file`);
  const stream = createReadStream(path, { highWaterMark: blockBytes });
  return readSource(path, statSync(path).size, stream, signal);
}

/** @param signal ends a read that may never finish, as at a terminal */
function readSource(name: string, size: number | undefined, stream: Readable, signal: AbortSignal): Source {
  addAbortSignal(signal, stream);
  let read = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const block of stream) {
      read += block.length;
      yield block;
    }
  };
  return { name, size, readBytes: () => read, bytes: readable(name, unzipped(counted()), signal) };
}

/** Recognises gzip by its first bytes and not by the file name, since stdin has no name. */
async function* unzipped(blocks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await blocks.next();
  if (first.done) return;
  const all = async function* () {
    yield first.value;
    yield* blocks;
  };
  const isGzip = first.value[0] === 0x1f && first.value[1] === 0x8b;
  // The callback ignores the error because the iteration throws it too.
  yield* isGzip ? pipeline(all, createGunzip({ chunkSize: blockBytes }), () => {}) : all();
}

async function* readable(
  name: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    yield* blocks;
  } catch (cause) {
    signal.throwIfAborted();
    throw new CommandError(`${name} can't be read: ${(cause as Error).message}`, exitCodes.failed, { cause });
  }
}
