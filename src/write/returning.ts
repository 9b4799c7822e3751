/** What a chunk's statement must return: what its callers asked for, and what tells its rows apart. */

import type { PgDialect } from 'drizzle-orm/pg-core';
import type { FlushContext } from '../context.ts';
import { Column, is } from '../drizzle/exports.ts';
import { type Rendered, renderSelection } from '../drizzle/render.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import { columnAt, columnName } from '../drizzle/table.ts';
import { columnFacts } from '../facts/table-facts.ts';
import { type Chunk, type ChunkMatch, entriesOf } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import type { Entry } from '../take/entry.ts';

/** Whether the client has what an entry selects without asking: the keys it was given, and nothing else. */
export function isKnown(entry: Entry, plan: Plan, chunk: Chunk, { driver }: FlushContext): boolean {
  const identifier = plan.identifiers.get(chunk.shape.table);
  if (identifier === undefined || chunk.facts?.secured) return false;
  if (chunk.way === 'own' || chunk.way === 'matched') return false;
  const facts = columnFacts(chunk.facts, chunk.shape, identifier);
  const key = chunk.shape.columns[identifier]?.column;
  const selectsKey = entry.returning?.every(({ field }) => field === key) ?? false;
  return selectsKey && facts !== undefined && driver.parser(facts.base) !== undefined;
}

export interface Returning {
  /** What stands behind `returning`; `undefined` where nobody needs a row, since it needs SELECT. */
  readonly clause: Rendered | undefined;
  /** Place in the answered row of a column, by its name in the database. */
  readonly places: ReadonlyMap<string, number>;
}

/**
 * @param identifier the column, by index, that tells the rows of the table apart
 * @param isKnown entries whose result the client has without asking
 */
export function planReturning(
  chunk: Chunk,
  dialect: PgDialect,
  identifier: number | undefined,
  isKnown: (entry: Entry) => boolean,
): Returning {
  const names = new Set<string>();
  const nameOf = (column: number): string => columnAt(chunk.shape, column).name;
  const selection = chunk.first.returning;
  const late = [...chunk.told].map(nameOf);

  // Expressions are selected only by entries that stand alone, just as drizzle writes them.
  if (chunk.way === 'own' && selection && !onlyColumns(selection)) {
    const own = renderSelection(dialect, selection);
    const extra = late.map((name) => `, ${dialect.escapeName(name)}`).join('');
    const texts = [...own.texts.slice(0, -1), `${own.texts.at(-1)}${extra}`];
    const places = new Map(late.map((name, index) => [name, selection.length + index]));
    for (const [place, { field }] of selection.entries()) {
      const name = is(field, Column) ? chunk.shape.names.get(field) : undefined;
      if (name !== undefined) places.set(name, place);
    }
    return { clause: { texts, params: own.params }, places };
  }

  const asked = new Set<Entry['returning']>();
  for (const entry of entriesOf(chunk)) {
    if (!entry.returning || asked.has(entry.returning)) continue;
    asked.add(entry.returning);
    if (isKnown(entry)) continue;
    for (const { field } of entry.returning)
      names.add(columnName(dialect, field as Parameters<typeof columnName>[1]));
  }
  for (const name of late) names.add(name);
  if (chunk.match) return matchedReturning(chunk, chunk.match, names, dialect);
  if (names.size === 0) return { clause: undefined, places: new Map() };
  if (chunk.way !== 'own' && identifier !== undefined) names.add(nameOf(identifier));
  return {
    clause: clauseOf(names, dialect),
    places: new Map([...names].map((name, place) => [name, place])),
  };
}

function clauseOf(names: Iterable<string>, dialect: PgDialect): Rendered {
  return { texts: [[...names].map((name) => dialect.escapeName(name)).join(', ')], params: [] };
}

/** How many columns stand before those that were asked for in the answer of `matchedInsert`. */
const ahead = 2;

/** Where every row is written and nobody asks for one, the count says all. */
function matchedReturning(
  { shape, first }: Chunk,
  { columns }: ChunkMatch,
  names: ReadonlySet<string>,
  dialect: PgDialect,
): Returning {
  if (names.size === 0 && !first.conflict?.maySkip) return { clause: undefined, places: new Map() };
  const compared = columns.map((column) => columnAt(shape, column).name);
  return {
    clause: clauseOf(new Set([...compared, ...names]), dialect),
    places: new Map([...names].map((name, place) => [name, place + ahead])),
  };
}
