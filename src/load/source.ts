/** Where the rows of a load come from, pulled one by one. */
import { Readable } from 'node:stream';
import { BatchedDrizzleError } from '../errors.ts';

/** What `load()` takes its rows from: an array, a generator, a Node stream of objects, a web stream. */
export type RowSource<TRow> = Iterable<TRow> | AsyncIterable<TRow> | ReadableStream<TRow>;

type Next = IteratorResult<unknown, unknown>;

export interface Source {
  /** The next row; only what is asynchronous itself gives a promise, since waiting for each row costs. */
  next(): Next | PromiseLike<Next>;
  /** Tells the source that no more is wanted, also while it is still making a row; never throws. */
  stop(reason: unknown): void;
}

/** @throws {BatchedDrizzleError} `BAD_OPTION` for what is no source of rows */
export function openSource(rows: unknown): Source {
  if (isWebStream(rows)) return fromWebStream(rows);
  if (has(rows, Symbol.asyncIterator)) {
    return fromIterator(rows[Symbol.asyncIterator]() as AsyncIterator<unknown>, rows);
  }
  if (has(rows, Symbol.iterator)) return fromIterator(rows[Symbol.iterator]() as Iterator<unknown>, rows);
  throw new BatchedDrizzleError(
    'BAD_OPTION',
    `load: rows: got ${nameOf(rows)}; allowed: an iterable, an async iterable or a stream of rows`,
  );
}

/** Whether `openSource` takes it, found out without opening it. */
export function isSource(rows: unknown): boolean {
  return isWebStream(rows) || has(rows, Symbol.asyncIterator) || has(rows, Symbol.iterator);
}

function has<Key extends symbol>(value: unknown, key: Key): value is Record<Key, () => unknown> {
  return typeof value === 'object' && value !== null && typeof (value as never)[key] === 'function';
}

function isWebStream(rows: unknown): rows is ReadableStream<unknown> {
  return typeof (rows as { getReader?: unknown } | null)?.getReader === 'function';
}

function fromIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>, rows: unknown): Source {
  return {
    next: () => iterator.next(),
    stop() {
      // The iterator of a stream would wait for the row that is awaited, which may never come.
      if (rows instanceof Readable) rows.destroy();
      else quietly(() => iterator.return?.());
    },
  };
}

function fromWebStream(rows: ReadableStream<unknown>): Source {
  const reader = rows.getReader();
  return {
    next: () => reader.read() as Promise<Next>,
    stop: (reason) => quietly(() => reader.cancel(reason)),
  };
}

/** Why a source does not end as it should is of no use to who has given up on it. */
function quietly(call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(() => {});
  } catch {}
}

export function nameOf(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  return value.constructor === Object || !value.constructor?.name
    ? 'an object'
    : `a ${value.constructor.name}`;
}
