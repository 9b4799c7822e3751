/** The types that postgres.js declares for parameters. */
import type { DeclaredType } from '../driver/values.ts';

const declared = {
  bool: { oid: 16, name: 'bool' },
  bytea: { oid: 17, name: 'bytea' },
  int8: { oid: 20, name: 'int8' },
  timestamptz: { oid: 1184, name: 'timestamptz' },
} as const satisfies Record<string, DeclaredType>;

/** The type that postgres.js declares for a value. The server infers the type of all other values. */
export function declaredType(value: unknown): DeclaredType | undefined {
  if (typeof value === 'string' || typeof value === 'number') return undefined;
  if (value instanceof Date) return declared.timestamptz;
  if (value instanceof Uint8Array) return declared.bytea;
  if (typeof value === 'boolean') return declared.bool;
  if (typeof value === 'bigint') return declared.int8;
  return Array.isArray(value) ? declaredType(value[0]) : undefined;
}

/** Base types for which the server reads a value of the declared type exactly as it reads its text. */
const takesText: Record<number, readonly number[]> = {
  16: [16, 25, 1042, 1043],
  17: [17],
  20: [20, 21, 23, 1700, 25, 1042, 1043],
};

/**
 * Whether the server would convert a value differently from its text: by a cast from the type that
 * postgres.js declares, or with an error if there is no such cast, as from boolean to json.
 */
export function isCastFromDeclared(value: unknown, base: number): boolean {
  if (isBeyondInt8(value)) return true;
  const type = declaredType(value);
  return type !== undefined && !takesText[type.oid]?.includes(base);
}

/** The server refuses it as a bigint, whatever the column takes. */
function isBeyondInt8(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isBeyondInt8);
  return typeof value === 'bigint' && BigInt.asIntN(64, value) !== value;
}
