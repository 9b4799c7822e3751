import { is } from 'drizzle-orm';
import { PgArray, type PgColumn } from 'drizzle-orm/pg-core';
import { BadRow } from '../bad-row.ts';
import { mapValue, needsJavaScript } from '../column-ways.ts';
import type { TargetColumn } from '../target-columns.ts';
import { itemsOf } from './json-members.ts';

/**
 * The text that the server reads for a value of JSON. Numbers and documents keep the text of the file, so that no digit is
 * lost.
 *
 * @returns `null` for NULL
 * @throws {BadRow} for a value that only JavaScript could read, and would round
 */
export function jsonText(target: TargetColumn, raw: string): string | null {
  if (raw === 'null') return null;
  const { column, key } = target;
  if (isDocument(column)) return raw;
  if (needsJavaScript(column) || isObjectOfDrizzle(column, raw)) {
    if (/^[-\d]/.test(raw) && String(Number(raw)) !== raw)
      throw new BadRow('may lose digits as a number of JavaScript; write it as a string', key, raw);
    return mapValue(target, JSON.parse(raw), raw);
  }
  if (is(column, PgArray) && raw.startsWith('[')) return arrayText(raw, column.baseColumn as PgColumn);
  return scalarText(raw, key);
}

function isDocument({ columnType }: PgColumn): boolean {
  return columnType === 'PgJson' || columnType === 'PgJsonb';
}

/** In drizzle, points, lines and vectors are arrays or objects. */
function isObjectOfDrizzle(column: PgColumn, raw: string): boolean {
  return /^[[{]/.test(raw) && !is(column, PgArray) && /^(?:array|json)$/.test(column.dataType);
}

function scalarText(raw: string, key: string): string {
  if (!raw.startsWith('"')) return raw;
  const text: string = JSON.parse(raw);
  if (/\p{Surrogate}/u.test(text)) throw new BadRow('has half a character of two', key, text);
  return text;
}

/** @example [1,null,"a b"] becomes {"1",NULL,"a b"} */
function arrayText(raw: string, element: PgColumn): string {
  const items = itemsOf(raw).map((item) => {
    if (item === 'null') return 'NULL';
    if (item.startsWith('[') && !isDocument(element)) {
      return arrayText(item, is(element, PgArray) ? (element.baseColumn as PgColumn) : element);
    }
    const text = isDocument(element) ? item : scalarText(item, element.name);
    return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${items.join(',')}}`;
}
