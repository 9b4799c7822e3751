import { BadRow } from './bad-row.ts';
import { BadValue } from './bad-value.ts';
import { textParser } from './column-parsers.ts';
import { jsonParser } from './json-values.ts';
import type { TargetColumn } from './target-columns.ts';

/** Reads one column's value from each record. */
export interface FieldReader {
  /** The name of the property in the row. */
  readonly key: string;
  /** Returns null for NULL. Throws a {@link BadRow} that names the column. */
  read(value: unknown): unknown;
}

/** A reader of fields that are text. */
export function fieldReader(target: TargetColumn): FieldReader {
  return readerOf(target, textParser(target.column) as (value: unknown) => unknown);
}

/** A reader of values from JSON.parse. */
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
        // Any other error comes from the column's own mapping.
        throw new BadRow(
          cause instanceof BadValue ? cause.message : `does not fit: ${String(cause)}`,
          key,
          text,
        );
      }
    },
  };
}
