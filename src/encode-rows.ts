/** Entries → their rows as text, one caller's bad value being that caller's alone. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Rendered } from './drizzle-facts.ts';
import type { Serialize } from './encode.ts';
import { type Entry, Expression } from './entry.ts';
import { asError, BatchedInsertError } from './errors.ts';
import type { EncodedCell, PlanInput } from './plan.ts';
import { isCastFromDeclared } from './postgres-js/declared-type.ts';
import { LateValue, Reference, unresolved } from './reference.ts';
import type { TableFacts } from './table-facts.ts';

export interface EncodedEntries {
  readonly encoded: PlanInput['encoded'];
  /** Entries with a value that their column's type can't take, or with a reference that leads nowhere. */
  readonly rejected: ReadonlyMap<Entry, Error>;
}

/**
 * @param entries in call order; a reference among them to one that is rejected rejects its entry too.
 */
export function encodeRows(
  entries: readonly Entry[],
  facts: ReadonlyMap<PgTable, TableFacts | undefined>,
  serialize: Serialize,
): EncodedEntries {
  const encoded = new Map<Entry, EncodedCell[][]>();
  const rejected = new Map<Entry, Error>();
  const present = new Set(entries);
  for (const entry of entries) {
    const dead = entry.references.find((reference) => {
      const parent = reference.origin.entry;
      const isFailed = rejected.has(parent) || (parent.outcome !== undefined && 'error' in parent.outcome);
      return isFailed || (reference.value() === undefined && !present.has(parent));
    });
    if (dead) {
      const cause = rejected.get(dead.origin.entry);
      rejected.set(entry, new BatchedInsertError(entry.own, unresolved(dead.origin, cause)));
      continue;
    }
    try {
      encoded.set(entry, encodeEntry(entry, facts.get(entry.shape.table), serialize));
    } catch (error) {
      rejected.set(entry, new BatchedInsertError(entry.own, asError(error)));
    }
  }
  return { encoded, rejected };
}

function encodeEntry(entry: Entry, facts: TableFacts | undefined, serialize: Serialize): EncodedCell[][] {
  if (entry.conflict) checkParams(entry.conflict.params, serialize);
  const columns = entry.shape.columns.map(({ name }) => facts?.columns.get(name));
  return entry.rows.map((row, index) =>
    row.map((cell, column): EncodedCell => {
      if (cell instanceof Expression) checkParams(cell.rendered.params, serialize);
      // A batch that is sent again has the keys that it was given the first time.
      if (cell === undefined) return entry.allotted.get(column)?.[index];
      if (cell === null || cell instanceof Expression) return cell;
      const value = cell instanceof Reference ? cell.value() : cell;
      // Its key is made in this flight, or known after an earlier one.
      if (value === undefined) return cell as Reference;
      if (value === null) return null;
      try {
        const { type = 0, base } = columns[column] ?? {};
        const text = serialize(value, type);
        return base !== undefined && isCastFromDeclared(value, base)
          ? new Expression(parameter(value))
          : text;
      } catch (error) {
        const name = entry.shape.columns[column]?.name;
        const { message } = asError(error);
        throw new TypeError(`row ${index + 1}, column "${name}": ${message}`, { cause: error });
      }
    }),
  );
}

/** A value as the parameter that it is in plain drizzle's statement. */
function parameter(value: unknown): Rendered {
  return { texts: ['', ''], params: [value] };
}

/** Parameters of expressions become text only when their statement is written, too late to reject one caller. */
function checkParams(params: readonly unknown[], serialize: Serialize): void {
  for (const param of params) if (param !== null && !(param instanceof LateValue)) serialize(param, 0);
}
