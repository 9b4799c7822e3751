/** What the ways of writing an INSERT have in common. */

import type { PgDialect } from 'drizzle-orm/pg-core';
import { columnAt } from '../drizzle/table.ts';
import { columnFacts } from '../facts/table-facts.ts';
import type { Chunk } from '../plan/chunk.ts';
import { formOf, Given } from '../take/form.ts';
import type { Params } from './params.ts';
import type { Returning } from './returning.ts';

/** What a writer needs beside the chunk. */
export interface WriteContext {
  readonly dialect: PgDialect;
  readonly params: Params;
  readonly returning: Returning;
  /** Marks the flight in the server; `undefined` where BEGIN has been answered or there is none. */
  readonly token: string | undefined;
}

/** `insert into t (a, b)`, up to where the rows begin. */
export function insertInto(chunk: Chunk, columns: readonly number[], { dialect }: WriteContext): string {
  const names = columns.map((column) => dialect.escapeName(columnAt(chunk.shape, column).name)).join(', ');
  const overriding = isOverriding(chunk) ? ' overriding system value' : '';
  return `insert into ${chunk.shape.name}${names && ` (${names})`}${overriding}`;
}

/** GENERATED ALWAYS takes allocated keys only so; a caller's own value must ask for it and else fail. */
function isOverriding(chunk: Chunk): boolean {
  const { shape, facts, entries, rows, first } = chunk;
  if (first.overriding) return true;
  const always = [...shape.columns.keys()].filter((column) => columnFacts(facts, shape, column)?.always);
  if (always.length === 0) return false;
  // The word is for every column, also for one whose value must fail.
  const isGiven = entries.some((entry, index) => {
    const { columns } = formOf(entry, rows[index] ?? 0);
    return always.some((column) => columns[column] !== Given.nothing);
  });
  return !isGiven && always.some((column) => chunk.gives(column));
}

/** ` on conflict … returning …` */
export function insertTail(chunk: Chunk, { params, returning }: WriteContext): string {
  const conflict = chunk.first.conflict;
  return (
    (conflict ? ` on conflict ${params.embed(conflict)}` : '') +
    (returning.clause ? ` returning ${params.embed(returning.clause)}` : '')
  );
}
