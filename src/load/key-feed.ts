/** The ids of a load, for the callers that iterate over them. */
import type { TextCell } from '../write/copy-text.ts';

/** Neighbouring keys: a series that counts up by one, or a list. */
type KeySpan = { readonly first: bigint; count: number } | { readonly texts: readonly TextCell[] };

/**
 * Keeps the ids of committed rows until they are read, so that a slow reader never delays the load. The ids of most loads
 * count up by one; such a series takes the same memory for any number of rows.
 */
export class KeyFeed {
  /** Reads a key from its text; set when the facts of the table are known. */
  read: (text: TextCell) => unknown = (text) => text;
  #pending: KeySpan[] = [];
  readonly #committed: KeySpan[] = [];
  #end: { readonly error?: unknown } | undefined;
  #waiting: (() => void)[] = [];
  readonly #readers = new Set<object>();

  constructor(
    /** The key's column, by index in the shape. */
    readonly column: number,
  ) {}

  add(texts: readonly TextCell[]): void {
    if (texts.length === 0) return;
    const first = startOfSeries(texts);
    const last = this.#pending.at(-1);
    if (first === undefined) this.#pending.push({ texts });
    else if (last && 'first' in last && last.first + BigInt(last.count) === first) last.count += texts.length;
    else this.#pending.push({ first, count: texts.length });
  }

  /** The keys that were added since the last call are committed. */
  commit(): void {
    this.#committed.push(...this.#pending);
    this.#pending = [];
    this.#wake();
  }

  /** No more keys will come. */
  end(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#wake();
  }

  /** Wakes all readers. Each key goes to one reader only; all readers see the end. */
  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The keys that one reader gets. They end when they end for all, or when the reader leaves. */
  iterate(reader: object): AsyncGenerator<unknown, void> {
    this.#readers.add(reader);
    return this.#keys(reader);
  }

  /** @returns whether the last reader has left before the end of the keys */
  leave(reader: object): boolean {
    const isReading = this.#readers.delete(reader);
    this.#wake();
    return isReading && this.#readers.size === 0;
  }

  async *#keys(reader: object): AsyncGenerator<unknown, void> {
    while (this.#readers.has(reader)) {
      const next = this.#committed.shift();
      if (next) yield* this.#each(next);
      else if (this.#end) {
        this.#readers.delete(reader);
        if ('error' in this.#end) throw this.#end.error;
      } else {
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
        });
      }
    }
  }

  *#each(keys: KeySpan): Generator<unknown> {
    if ('texts' in keys) for (const text of keys.texts) yield this.read(text);
    else
      for (let offset = 0; offset < keys.count; offset++)
        yield this.read(String(keys.first + BigInt(offset)));
  }
}

/** The first key if each key is its predecessor plus one; `undefined` if that is not proved. */
function startOfSeries(texts: readonly TextCell[]): bigint | undefined {
  const [first] = texts;
  if (!first || !/^-?(0|[1-9]\d*)$/.test(first)) return undefined;
  const start = BigInt(first);
  return texts.every((text, index) => text === String(start + BigInt(index))) ? start : undefined;
}
