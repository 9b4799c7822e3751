/** Ids on their way from a load to whoever iterates over them. */
import type { TextCell } from '../write/copy-text.ts';

/** Keys that follow one another, however many, or as they are. */
type Keys = { readonly first: bigint; count: number } | { readonly texts: readonly TextCell[] };

/**
 * Keeps the ids of what is committed until they are read. Ids that count up by one, as those of most loads do, take no memory
 * to speak of; a slow reader holds up nothing.
 */
export class KeyFeed {
  /** How a key's text is read, which the facts of the table tell. */
  read: (text: TextCell) => unknown = (text) => text;
  #pending: Keys[] = [];
  readonly #committed: Keys[] = [];
  #end: { readonly error?: unknown } | undefined;
  #waiting: (() => void)[] = [];

  constructor(
    /** Of the table's shape, by index. */
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

  /** What has been added since the last time stands. */
  commit(): void {
    this.#committed.push(...this.#pending);
    this.#pending = [];
    this.#wake();
  }

  /** There will be no more. */
  end(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#wake();
  }

  /** Whoever waits looks again: of two readers each key goes to one, and the end to both. */
  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    for (;;) {
      const next = this.#committed.shift();
      if (next) yield* this.#each(next);
      else if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
        });
      }
    }
  }

  *#each(keys: Keys): Generator<unknown> {
    if ('texts' in keys) for (const text of keys.texts) yield this.read(text);
    else
      for (let offset = 0; offset < keys.count; offset++)
        yield this.read(String(keys.first + BigInt(offset)));
  }
}

/** The first of keys each of which is its predecessor and one; nothing where they are not proved to be so. */
function startOfSeries(texts: readonly TextCell[]): bigint | undefined {
  const [first] = texts;
  if (!first || !/^-?(0|[1-9]\d*)$/.test(first)) return undefined;
  const start = BigInt(first);
  return texts.every((text, index) => text === String(start + BigInt(index))) ? start : undefined;
}
