/** Values → the text that PostgreSQL reads, as the driver itself would send it. */
import type { Serialize } from './text.ts';

/** A type that the driver declares for a parameter by itself. */
export interface DeclaredType {
  readonly oid: number;
  readonly name: string;
}

/** How the client's values become text. Its members are functions that need no receiver. */
export interface ValueEncoder {
  /** A value as the text that the client itself would send for a column of that type; throws if it can't. */
  readonly serialize: Serialize;
  /**
   * The text of a value that the client sends without knowing the column's type; `undefined` if it must know it.
   *
   * @param sqlType the column's type as the schema names it; `undefined` inside an expression
   */
  readonly untyped: (value: unknown, sqlType: string | undefined) => string | undefined;
  /** How the client writes a text or a number for a column of that type; `undefined` if it sends it unchanged. */
  readonly textWriter: (typeOid: number) => ((value: string | number) => string) | undefined;
  /** The type that the driver declares for a value by itself; the server infers all others. */
  readonly declaredType: (value: unknown) => DeclaredType | undefined;
  /**
   * Whether the server would read a value otherwise than by its text: through a cast from the declared type to
   * the column's `base` type, or not at all if there is no such cast.
   */
  readonly isCastFromDeclared: (value: unknown, base: number) => boolean;
}
