/** What the caller of an insert will get, as far as that is certain before the row is written. */
import type { FlushContext } from '../context.ts';
import type { Answer } from '../driver/statement.ts';
import { Expression } from '../drizzle/render.ts';
import { mapRow } from '../drizzle/selection.ts';
import type { TableShape } from '../drizzle/table.ts';
import { type ColumnFacts, columnFacts, type TableFacts } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { type Cell, type Entry, Reference } from '../take/entry.ts';
import { returnedText, type SessionSettings } from './certain-types.ts';

/** What is known of a table whose lock the transaction holds, and of its session. */
export interface Known {
  readonly facts: TableFacts;
  readonly settings: SessionSettings;
  /** An answer of the connection, from which results without rows are made. */
  readonly sample: Answer;
}

/** The answer; or the columns, by index, whose keys must be drawn first. */
export type KnownAnswer =
  | { readonly value: unknown; readonly missing?: undefined }
  | { readonly missing: readonly number[] };

/**
 * @returns `undefined` if the answer is not certain, or if it is certain that the insert fails
 * @throws what the client's parser or the column's mapping throws
 */
export function knownAnswer(entry: Entry, known: Known, { driver }: FlushContext): KnownAnswer | undefined {
  const { shape, returning } = entry;
  const texts = sentTexts(entry, known.facts, driver.values);
  if (!texts) return undefined;
  if (!returning) return { value: driver.results.empty(known.sample, entry.count) };
  const missing = new Set<number>();
  const columns = returning.map(({ field }) => {
    const index = shape.columns.findIndex(({ column }) => column === field);
    const facts = columnFactsOf(shape, known.facts)[index];
    return { index, facts, parse: facts?.selectable ? driver.parser(facts.base) : undefined };
  });
  const rows: unknown[][] = [];
  for (let row = 0; row < entry.count; row++) {
    const values: unknown[] = [];
    for (const { index, facts, parse } of columns) {
      if (!facts || !parse) return undefined;
      const text = returnedBy(entry, row, index, texts, facts, known.settings);
      if (text === undefined) return undefined;
      if (text === noKeyYet) missing.add(index);
      else values.push(text === null ? null : parse(text));
    }
    rows.push(values);
  }
  if (missing.size > 0) return { missing: [...missing] };
  return { value: rows.map((values) => mapRow(returning, values)) };
}

const noKeyYet = Symbol('no key yet');

function returnedBy(
  entry: Entry,
  row: number,
  column: number,
  texts: readonly (string | null | undefined)[],
  facts: ColumnFacts,
  settings: SessionSettings,
): string | null | typeof noKeyYet | undefined {
  const text = texts[row * entry.shape.columns.length + column];
  if (typeof text === 'string') return returnedText(text, facts, settings);
  if (text === null) return null;
  const key = entry.key(row, column);
  if (key !== undefined) return key;
  if (facts.keys !== null) return noKeyYet;
  return facts.bare ? null : undefined;
}

/**
 * The text of every cell; `undefined` for those that are left out.
 *
 * @returns `undefined` if the server may have a reason to change, skip or multiply a row, or the row can't be sent
 */
function sentTexts(
  { shape, cells, conflict, overriding }: Entry,
  facts: TableFacts,
  { serialize, isCastFromDeclared }: FlushContext['driver']['values'],
): readonly (string | null | undefined)[] | undefined {
  if (!facts.plain || facts.secured || conflict || isChangedByOthers(facts)) return undefined;
  const columns = columnFactsOf(shape, facts);
  if (columns.some((column) => !column?.insertable)) return undefined;
  const texts: (string | null | undefined)[] = [];
  for (let place = 0; place < cells.length; place++) {
    const { type, base, always } = columns[place % columns.length] as ColumnFacts;
    const value = givenValue(cells[place]);
    const isRefused = always && value !== undefined && !overriding;
    if (value === unknownValue || isRefused) return undefined;
    if (value === undefined || value === null) texts.push(value);
    else if (isCastFromDeclared(value, base)) return undefined;
    else {
      try {
        texts.push(serialize(value, type));
      } catch {
        return undefined;
      }
    }
  }
  return texts;
}

/** The lock on a table does not keep others from changing its partitions, and the domains of its columns. */
function isChangedByOthers({ state }: TableFacts): boolean {
  return Object.keys(state.partitioned).length > 0 || Object.keys(state.domains).length > 0;
}

const unknownValue = Symbol('unknown');

function givenValue(cell: Cell): Exclude<Cell, Expression | Reference> | typeof unknownValue {
  if (cell instanceof Expression) return unknownValue;
  return cell instanceof Reference ? (cell.value() ?? unknownValue) : cell;
}

const columnsByFacts = new WeakMap<TableFacts, readonly (ColumnFacts | undefined)[]>();

function columnFactsOf(shape: TableShape, facts: TableFacts): readonly (ColumnFacts | undefined)[] {
  return getOrInsert(columnsByFacts, facts, () =>
    shape.columns.map((_, index) => columnFacts(facts, shape, index)),
  );
}
