import type { ValueEncoder } from '../driver/values.ts';
import type { Rendered } from '../drizzle/render.ts';
import { resolveDeferred } from '../take/deferred-value.ts';
import { DeferredValue } from '../take/entry.ts';

/** Collects the parameters of one statement. Each one is text or NULL. */
export class Params {
  readonly values: (string | null)[] = [];

  constructor(readonly encoder: ValueEncoder) {}

  /** @returns the parameter's placeholder in the text, `$1` */
  add(value: string | null): string {
    // The driver would turn anything else into text, and `undefined` into the word.
    if (value !== null && typeof value !== 'string')
      throw new TypeError(`a parameter must be text, got ${typeof value}`);
    return `$${this.values.push(value)}`;
  }

  /** The text of an expression. Its parameters get the next numbers. */
  embed({ texts, params }: Rendered): string {
    return texts.reduce((text, next, index) => `${text}${this.#addDriverValue(params[index - 1])}${next}`);
  }

  #addDriverValue(param: unknown): string {
    const value = param instanceof DeferredValue ? resolveDeferred(param) : param;
    if (value === null) return this.add(null);
    const type = this.encoder.declaredType(value);
    return `${this.add(this.encoder.serialize(value, 0))}${type ? `::${type.name}` : ''}`;
  }
}
