/** The source of a load's rows, which are pulled one by one. */
import { Readable } from 'node:stream';
import { BatchedDrizzleError } from '../errors.ts';

/** The rows of `load()`: an array, a generator, a Node stream of objects, a web stream. */
export type RowSource<TRow> = Iterable<TRow> | AsyncIterable<TRow> | ReadableStream<TRow>;

type Next = IteratorResult<unknown, unknown>;

export interface OpenSource {
  /** The next row. Only an asynchronous source returns a promise, since awaiting each row is slow. */
  next(): Next | PromiseLike<Next>;
  /** Ends the source, even while it is making a row; never throws. */
  stop(reason: unknown): void;
}

/** @throws {BatchedDrizzleError} `BAD_OPTION` if `rows` is no source of rows */
export function openSource(rows: unknown): OpenSource {
  if (isWebStream(rows)) return fromWebStream(rows);
  if (has(rows, Symbol.asyncIterator)) {
    return fromIterator(rows[Symbol.asyncIterator]() as AsyncIterator<unknown>, rows);
  }
  if (has(rows, Symbol.iterator)) return fromIterator(rows[Symbol.iterator]() as Iterator<unknown>, rows);
  throw new BatchedDrizzleError(
    'BAD_OPTION',
    `load: rows: got ${describeValue(rows)}; allowed: an iterable, an async iterable or a stream of rows`,
  );
}

/** Whether `openSource` accepts the value; does not open it. */
export function isSource(rows: unknown): boolean {
  return isWebStream(rows) || has(rows, Symbol.asyncIterator) || has(rows, Symbol.iterator);
}

function has<Key extends symbol>(value: unknown, key: Key): value is Record<Key, () => unknown> {
  return typeof value === 'object' && value !== null && typeof (value as never)[key] === 'function';
}

function isWebStream(rows: unknown): rows is ReadableStream<unknown> {
  return typeof (rows as { getReader?: unknown } | null)?.getReader === 'function';
}

function fromIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>, rows: unknown): OpenSource {
  return {
    next: () => iterator.next(),
    stop() {
      // The iterator of a stream would wait for the next row, which may never come.
      if (rows instanceof Readable) rows.destroy();
      else quietly(() => iterator.return?.());
    },
  };
}

function fromWebStream(rows: ReadableStream<unknown>): OpenSource {
  const reader = rows.getReader();
  return {
    next: () => reader.read() as Promise<Next>,
    stop: (reason) => quietly(() => reader.cancel(reason)),
  };
}

/** The load has failed already. An error from ending its source would hide the reason. */
function quietly(call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(() => {});
  } catch {}
}

/** A value in the words of an error message, without its content. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  return value.constructor === Object || !value.constructor?.name
    ? 'an object'
    : `a ${value.constructor.name}`;
}
