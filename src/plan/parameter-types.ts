/** Which expressions have parameters that the driver writes by a type that only the server knows. Pure. */
import type { ValueEncoder } from '../driver/values.ts';
import type { Rendered } from '../drizzle/render.ts';
import type { TableShape } from '../drizzle/table.ts';
import { DeferredValue } from '../take/deferred.ts';

/**
 * Whether the statement of an expression must be described: the server infers the types of its parameters, and the driver
 * writes a value of some of these types otherwise than the value's own text.
 *
 * @param sqlType the type of the column that the expression is for, as the schema names it
 */
export function needsServerTypes(
  { texts, params }: Rendered,
  shape: TableShape,
  sqlType: string | undefined,
  values: ValueEncoder,
): boolean {
  return params.some((param, index) => {
    const value = param instanceof DeferredValue ? param.reference.value() : param;
    // The driver has a way with undefined, or none. A reference without a value is written by the server.
    if (value === undefined) return param === undefined;
    if (value === null) return false;
    const type = typeNextTo(texts[index] ?? '', texts[index + 1] ?? '', shape);
    return !isUntyped(value, type ?? (isAlone(texts) ? sqlType : undefined), values);
  });
}

/** Whether a value can be sent without the type that the server gives to its parameter. */
export function isUntyped(value: unknown, sqlType: string | undefined, values: ValueEncoder): boolean {
  try {
    return values.untyped(value, sqlType) !== undefined;
  } catch {
    return false;
  }
}

/** Whether the expression is one parameter and nothing else. */
function isAlone(texts: readonly string[]): boolean {
  return texts.every((text) => text.trim() === '');
}

const castBehind = /^\s*\)*(?:\s*::\s*|\s+as\s+)"?(\w+)/i;

const columnBefore = /"((?:[^"]|"")+)"\s*(?:[-=<>!|&~@+,]+|\bis (?:not )?distinct from)\s*\(*$/i;

const columnBehind =
  /^\)*\s*(?:[-=<>!|&~@+,]+|\bis (?:not )?distinct from)\s*(?:"(?:[^"]|"")+"\.)*"((?:[^"]|"")+)"/i;

/** The type that a parameter has by a cast, or by a column that it is assigned to or compared with. */
function typeNextTo(before: string, behind: string, { columns }: TableShape): string | undefined {
  const cast = castBehind.exec(behind)?.[1];
  if (cast !== undefined) return cast.toLowerCase();
  // A longer text has nothing more to say, and a pattern without a start takes long on it.
  const name = (columnBefore.exec(before.slice(-150)) ?? columnBehind.exec(behind))?.[1];
  if (name === undefined) return undefined;
  return columns.find((column) => column.name === name.replaceAll('""', '"'))?.sqlType;
}
