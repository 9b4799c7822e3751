/** Clauses that all ways of writing the INSERT of a chunk share. */

import type { PgDialect } from 'drizzle-orm/pg-core';
import type { TableShape } from '../drizzle/table.ts';
import { type ColumnFacts, columnFacts } from '../facts/table-facts.ts';
import type { Chunk } from '../plan/chunk.ts';
import { formOf, Given } from '../take/form.ts';
import { insertHead } from './insert-head.ts';
import type { Params } from './params.ts';
import type { Returning } from './returning.ts';

/** What a writer needs besides the chunk. */
export interface WriteContext {
  readonly dialect: PgDialect;
  readonly params: Params;
  readonly returning: Returning;
  /** Marks the flight in the server. `undefined` if BEGIN has been answered or there is none. */
  readonly token: string | undefined;
  /** Tables that the transaction has locked before their facts were compared. */
  readonly locked: ReadonlySet<TableShape>;
}

/** The columns, by index, that some row gives. */
export function givenColumns(chunk: Chunk): number[] {
  return [...chunk.shape.columns.keys()].filter((column) => chunk.gives(column));
}

/** The facts of a column. Only VALUES can write a column that the database does not have. */
export function requireFacts({ facts, shape }: Chunk, column: number): ColumnFacts {
  const found = columnFacts(facts, shape, column);
  if (!found) throw new Error(`no facts of ${shape.name}.${shape.columns[column]?.name}`);
  return found;
}

/** The head with OVERRIDING, if the rows need it. */
export function insertInto(chunk: Chunk, columns: readonly number[], { dialect }: WriteContext): string {
  return insertHead(dialect, chunk.shape, columns, isOverriding(chunk));
}

/**
 * Whether the INSERT needs OVERRIDING: GENERATED ALWAYS accepts allocated keys only with it. A caller's own
 * value must ask for it, and must fail otherwise.
 */
function isOverriding(chunk: Chunk): boolean {
  const { shape, facts, entries, rows, first } = chunk;
  if (first.overriding) return true;
  const always = [...shape.columns.keys()].filter((column) => columnFacts(facts, shape, column)?.always);
  if (always.length === 0) return false;
  // OVERRIDING applies to all columns, so it would also accept a value that must fail.
  const isGiven = entries.some((entry, index) => {
    const { columns } = formOf(entry, rows[index] as number);
    return always.some((column) => columns[column] !== Given.nothing);
  });
  return !isGiven && always.some((column) => chunk.gives(column));
}

export function insertTail(chunk: Chunk, { params, returning }: WriteContext): string {
  const conflict = chunk.first.conflict;
  return (
    (conflict ? ` on conflict ${params.embed(conflict)}` : '') +
    (returning.clause ? ` returning ${params.embed(returning.clause)}` : '')
  );
}
