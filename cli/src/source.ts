import { closeSync, existsSync, openSync, read, statSync } from 'node:fs';
import { addAbortSignal, pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
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
  /** Blocks in order; a block may end in the middle of a row, or of a character. It is good until the next one is asked for. */
  readonly bytes: AsyncIterable<Buffer>;
}

export const blockBytes = 256 * 1024;

/** @throws {CommandError} if there is no such file */
export function openSource(path: string | undefined, stdin: Readable, signal: AbortSignal): Source {
  if (path === undefined || path === '-') {
    // A read may never finish, as at a terminal.
    addAbortSignal(signal, stdin);
    return readSource('stdin', undefined, stdin, signal);
  }
  if (!existsSync(path)) throw new CommandError(`${path}: no such file`);
  if (!statSync(path).isFile()) throw new CommandError(`${path} is not a file`);
  return readSource(path, statSync(path).size, blocksOf(path, signal), signal);
}

/** A stream would take a new buffer for each block. */
async function* blocksOf(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = openSync(path, 'r');
  try {
    const block = Buffer.allocUnsafeSlow(blockBytes);
    for (;;) {
      const { bytesRead } = await promisify(read)(file, block, 0, block.length, null);
      signal.throwIfAborted();
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  } finally {
    closeSync(file);
  }
}

function readSource(
  name: string,
  size: number | undefined,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Source {
  let count = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const block of blocks) {
      count += block.length;
      yield block;
    }
  };
  return { name, size, readBytes: () => count, bytes: readable(name, unzipped(counted()), signal) };
}

/** Recognises gzip by its first bytes and not by the file name, since stdin has no name. */
async function* unzipped(blocks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await blocks.next();
  if (first.done) return;
  const isGzip = first.value[0] === 0x1f && first.value[1] === 0x8b;
  const all = async function* () {
    yield first.value;
    yield* blocks;
  };
  // A pipeline asks for the next block before it has read one.
  const kept = async function* () {
    for await (const block of all()) yield Buffer.from(block);
  };
  // The callback ignores the error because the iteration throws it too.
  yield* isGzip ? pipeline(kept, createGunzip({ chunkSize: blockBytes }), () => {}) : all();
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
