/** What the ways of writing an INSERT have in common. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import type { Chunk, KeyList } from '../plan.ts';
import { columnFacts } from '../table-facts.ts';
import type { Params } from './params.ts';
import type { Returning } from './returning.ts';

/** What a writer needs beside the chunk. */
export interface WriteContext {
  readonly dialect: PgDialect;
  readonly params: Params;
  readonly returning: Returning;
  /** Marks the flight in the server; `undefined` where BEGIN has been answered or there is none. */
  readonly token: string | undefined;
  /** Keys that the client has; a list that is not among them waits in the server. */
  readonly keys: ReadonlyMap<KeyList, readonly string[]>;
}

/** `insert into t (a, b)`, up to where the rows begin. */
export function insertInto(chunk: Chunk, columns: readonly number[], { dialect }: WriteContext): string {
  const names = columns
    .map((column) => dialect.escapeName(chunk.shape.columns[column]?.name ?? ''))
    .join(', ');
  const overriding = isOverriding(chunk) ? ' overriding system value' : '';
  return `insert into ${chunk.shape.name}${names && ` (${names})`}${overriding}`;
}

/** GENERATED ALWAYS takes allocated keys only so; a caller's own value must ask for it and else fail. */
function isOverriding({ shape, facts, rows }: Chunk): boolean {
  if (rows[0]?.entry.overriding) return true;
  const always = [...shape.columns.keys()].filter((column) => columnFacts(facts, shape, column)?.always);
  // The word is for every column, also for one whose value must fail.
  const isGiven = rows.some(({ entry, row }) =>
    always.some((column) => entry.rows[row]?.[column] !== undefined),
  );
  return !isGiven && rows.some(({ cells }) => always.some((column) => cells[column] !== undefined));
}

/** ` on conflict … returning …` */
export function insertTail(chunk: Chunk, { params, returning }: WriteContext): string {
  const conflict = chunk.rows[0]?.entry.conflict;
  return (
    (conflict ? ` on conflict ${params.embed(conflict)}` : '') +
    (returning.clause ? ` returning ${params.embed(returning.clause)}` : '')
  );
}
