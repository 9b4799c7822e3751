import { BadRow } from './bad-row.ts';
import { BadValue } from './bad-value.ts';
import { textParser } from './column-parsers.ts';
import { jsonParser } from './json-values.ts';
import type { TargetColumn } from './target-columns.ts';

/** Reads one column's value of each record. */
export interface FieldReader {
  /** The property of the row. */
  readonly key: string;
  /** Null is NULL; throws a {@link BadRow} that names the column. */
  read(value: unknown): unknown;
}

/** Of fields that are text. */
export function fieldReader(target: TargetColumn): FieldReader {
  return readerOf(target, textParser(target.column) as (value: unknown) => unknown);
}

/** Of values that JSON.parse has given. */
export function jsonReader(target: TargetColumn): FieldReader {
  return readerOf(target, jsonParser(target.column));
}

function readerOf({ key, column }: TargetColumn, parse: (value: unknown) => unknown): FieldReader {
  return {
    key,
    read(value) {
      if (value === null) {
        if (column.notNull) throw new BadRow('is NULL, and the column is not null', key);
        return null;
      }
      try {
        return parse(value);
      } catch (cause) {
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        // What is thrown otherwise comes from the column's own mapping.
        throw new BadRow(
          cause instanceof BadValue ? cause.message : `does not fit: ${String(cause)}`,
          key,
          text,
        );
      }
    },
  };
}
