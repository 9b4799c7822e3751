/** A chunk → its statement. */
import { LazyStatement, type Statement, type Written } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { columnFacts, isRefused } from '../facts/table-facts.ts';
import type { Chunk } from '../plan/chunk.ts';
import { mostOwnParams } from '../plan/own-plan.ts';
import { needsServerTypes } from '../plan/parameter-types.ts';
import type { Plan } from '../plan/plan.ts';
import type { WriteContext } from './clauses.ts';
import { copyChunk } from './copy.ts';
import { matchedInsert } from './on-conflict.ts';
import { Params } from './params.ts';
import type { Returning } from './returning.ts';
import { unnestInsert } from './unnest.ts';
import { canGuard, valuesInsert } from './values.ts';

export interface ChunkWriter extends Pick<WriteContext, 'dialect' | 'token' | 'locked'> {
  readonly encoder: ValueEncoder;
  /** Settles when the key query has returned the keys of the flight. */
  readonly keysKnown: Promise<void> | undefined;
}

export function writeChunk(chunk: Chunk, returning: Returning, writer: ChunkWriter): Statement {
  const hasToken = writer.token !== undefined;
  const write = (insert: typeof unnestInsert): Written => {
    const params = new Params(writer.encoder, chunk.shape);
    const comment = chunk.way === 'own' ? chunk.first.comment : '';
    const text = insert(chunk, { ...writer, params, returning }) + comment;
    return { text, params: params.values };
  };
  const lazily = (insert: typeof unnestInsert) =>
    new LazyStatement(() => write(insert), hasToken, chunk.bytes);
  if (needsValues(chunk))
    return { ...write(valuesInsert), answer: 'cells', guarded: hasToken && canGuard(chunk) };
  switch (chunk.way) {
    case 'copied':
      return copyChunk(chunk, writer.dialect, writer.keysKnown);
    case 'matched':
      return lazily(returning.clause ? matchedInsert : unnestInsert);
    case 'own':
      // Described, it can't be written late.
      if (isDescribed(chunk, returning, writer))
        return { ...write(unnestInsert), answer: 'values', guarded: hasToken };
      return lazily(unnestInsert);
    case 'shared':
      return lazily(unnestInsert);
  }
}

function isDescribed({ first, shape }: Chunk, { clause }: Returning, { encoder }: ChunkWriter): boolean {
  return [first.conflict, clause].some((part) => part && needsServerTypes(part, shape, undefined, encoder));
}

/** Whether the plan is drizzle's own INSERT, a single statement that needs nothing around it. */
export function isOwnStatement({ chunks, lists, later }: Plan): boolean {
  const [only] = chunks;
  return (
    only !== undefined && chunks.length === 1 && lists.length === 0 && later.length === 0 && needsValues(only)
  );
}

/**
 * Whether VALUES must write the chunk: a single row, or rows that `unnest` can't write.
 *
 * The latter have expressions, DEFAULT in some rows, no column, a missing table or column, or a type that the
 * role may not name. Or sharing is not proved for their table: a rule could observe that they come from a SELECT.
 */
export function needsValues(chunk: Chunk): boolean {
  const { facts, shape, size, way } = chunk;
  const columns = [...shape.columns.keys()];
  if (!facts || size === 1 || !columns.some((column) => chunk.gives(column))) return true;
  // Rows of a shared statement leave out the same columns.
  if (way !== 'own') return false;
  if (!facts.plain && size * columns.length <= mostOwnParams) return true;
  if ([...chunk.forms].some((form) => form.hasExpression)) return true;
  return columns.some((column) => {
    if (!chunk.gives(column)) return isRefused(facts, shape, column);
    return chunk.omits(column) || !columnFacts(facts, shape, column)?.castable;
  });
}
