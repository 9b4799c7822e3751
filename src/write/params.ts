import { shownParam } from '#version/drizzle/columns';
import { RawValue, type StatementParam } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import type { Rendered } from '../drizzle/render.ts';
import type { TableShape } from '../drizzle/table.ts';
import { needsServerTypes } from '../plan/parameter-types.ts';
import { DeferredValue } from '../take/deferred.ts';
import { resolveDeferred } from '../take/deferred-value.ts';

/** Collects the parameters of one statement. */
export class Params {
  readonly values: StatementParam[] = [];
  /** The values as drizzle has them, if they are logged. */
  readonly given: unknown[] | undefined;

  constructor(
    readonly encoder: ValueEncoder,
    readonly shape: TableShape,
    keepsGiven = false,
  ) {
    this.given = keepsGiven ? [] : undefined;
  }

  /** @returns the parameter's placeholder in the text, `$1` */
  add(value: StatementParam, given: unknown = value): string {
    // The driver would turn anything else into text, and `undefined` into the word.
    if (value !== null && typeof value !== 'string' && !(value instanceof RawValue))
      throw new TypeError(`a parameter must be text, got ${typeof value}`);
    this.given?.push(shownParam(given));
    return `$${this.values.push(value)}`;
  }

  /**
   * The text of an expression. Its parameters get the next numbers.
   *
   * @param sqlType the type of the column that it is for
   */
  embed(expression: Rendered, sqlType?: string): string {
    const { texts, params } = expression;
    const isRaw = needsServerTypes(expression, this.shape, sqlType, this.encoder);
    const place = (param: unknown) => this.#addDriverValue(param, isRaw);
    return texts.reduce((text, next, index) => `${text}${place(params[index - 1])}${next}`);
  }

  #addDriverValue(param: unknown, isRaw: boolean): string {
    const value = param instanceof DeferredValue ? resolveDeferred(param) : param;
    if (value === null) return this.add(null);
    if (isRaw) return this.add(new RawValue(value));
    const type = this.encoder.declaredType(value);
    return `${this.add(this.encoder.serialize(value, 0))}${type ? `::${type.name}` : ''}`;
  }
}
