/** Values → the text that PostgreSQL reads, as the driver itself would send them. */
import type { Serialize } from './text.ts';

/** A type that the driver declares to the server for a parameter. */
export interface DeclaredType {
  readonly oid: number;
  readonly name: string;
}

/** Encodes values. Its members are functions that need no receiver. */
export interface ValueEncoder {
  /**
   * The text that the client itself would send for a column of that type. Throws if the client can't send the
   * value.
   */
  readonly serialize: Serialize;
  /**
   * The text of a value that the client sends without knowing the column's type; `undefined` if it must know it.
   *
   * @param sqlType the column's type as the schema names it; `undefined` inside an expression
   */
  readonly untyped: (value: unknown, sqlType: string | undefined) => string | undefined;
  /** The client's serialiser of strings and numbers for a type; `undefined` if it sends them unchanged. */
  readonly textWriter: (typeOid: number) => ((value: string | number) => string | null) | undefined;
  /** The type that the driver declares for a value; `undefined` if the server infers it. */
  readonly declaredType: (value: unknown) => DeclaredType | undefined;
  /**
   * Whether the server would convert a value differently from its text. That happens through a cast from the
   * declared type to the column's `base` type, or is an error if there is no such cast.
   */
  readonly isCastFromDeclared: (value: unknown, base: number) => boolean;
  /** The client writes `undefined` as NULL. Otherwise it is refused. */
  readonly undefinedIsNull: boolean;
}
