import { createReadStream, existsSync, statSync } from 'node:fs';
import { addAbortSignal, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';

/** A file or stdin, read as text. */
export interface Source {
  /** The name that messages use. */
  readonly name: string;
  /** The size of the file in bytes, compressed if it is; `undefined` for stdin. */
  readonly size: number | undefined;
  /** How many of these bytes have been read. */
  readBytes(): number;
  /** Blocks of text in order; a block may end in the middle of a row. */
  readonly text: AsyncIterable<string>;
}

const blockBytes = 128 * 1024;

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
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const block of stream) {
      bytes += block.length;
      yield block;
    }
  };
  return { name, size, readBytes: () => bytes, text: decode(name, unzipped(counted()), signal) };
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

async function* decode(
  name: string,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  try {
    for await (const block of blocks) {
      yield decoder.decode(block, { stream: true });
      bytes += block.length;
    }
    yield decoder.decode();
  } catch (cause) {
    signal.throwIfAborted();
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? `not UTF-8, somewhere behind byte ${bytes}` : message;
    throw new CommandError(`${name} can't be read: ${why}`, exitCodes.failed, { cause });
  }
}
