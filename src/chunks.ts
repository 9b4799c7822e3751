/** Rows → chunks: what one statement can say, no larger than one statement should be. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { isAlike } from './alike.ts';
import { Chunk } from './chunk.ts';
import { type EncodedCell, encodedRows } from './encode-rows.ts';
import { type Entry, formOf, formsOf, type Rows } from './entry.ts';
import { Expression } from './expression.ts';
import { type Form, Given } from './form.ts';
import type { KeyLists } from './key-lists.ts';
import type { Match } from './plan-conflict.ts';
import { mustStandAlone, type Planning, type TablePlan } from './plan-table.ts';
import { type ColumnFacts, columnFacts } from './table-facts.ts';

/**
 * @param entries of one level of tables, in call order
 * @param keepsOrder statements may not change places, so that only neighbours share one
 */
export function makeChunks(
  planning: Planning,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
  keepsOrder: boolean,
  lists: KeyLists,
): Chunk[] {
  const { encoded, maxRows, maxBytes } = planning;
  const chunks: Chunk[] = [];
  const open = new Map<string, Chunk>();
  const kinds = new Kinds([...planned.values()]);
  let before: Entry | undefined;
  let sharing: Sharing | undefined;
  let previous = '';
  const close = (kind: string): void => {
    open.delete(kind);
    lists.breakOff();
  };
  for (let number = 0; number < entries.length; number++) {
    const entry = entries[number] as Entry;
    const { shape, conflict } = entry;
    const table = planned.get(shape.table);
    if (!table) continue;
    const rows = encodedRows(encoded, entry);
    if (!sharing || !before || !isAlike(entry, before, encoded))
      sharing = howToShare(entry, rows, table, kinds, planning);
    before = entry;
    const { alone, match, named } = sharing;
    for (let row = 0; row < entry.count; row++) {
      const form = formOf(rows, row);
      const kind = alone ? `alone ${number}` : kinds.of(entry, form, formOf(entry, row), table, match);
      if (keepsOrder && kind !== previous) open.clear();
      previous = kind;
      const begun = open.get(kind);
      if (match && row === 0 && begun && !hasRoom(begun, entry, match, planning)) close(kind);
      let chunk = open.get(kind);
      if (!chunk) {
        const shared = match && { columns: match.columns, values: match.values && new Set<string>() };
        chunk = new Chunk(shape, table.facts, encoded, lists, alone, shared);
        chunk.copied = table.isCopied && !alone;
        chunks.push(chunk);
        open.set(kind, chunk);
      }
      chunk.add(entry, row, form);
      const drawn = kinds.drawn(form, table, shape);
      for (const { column, facts } of drawn) chunk.giveKey(column, lists.take(entry, row, column, facts));
      chunk.bytes += entry.bytes / entry.count;
      if (alone) chunk.params += countParams(chunk);
      const value = match?.values?.[row];
      if (value !== undefined) chunk.match?.values?.add(value);
      if (named) {
        for (const column of named)
          if (conflict || chunk.cell(chunk.size - 1, column) === undefined) chunk.told.add(column);
      }
      // The statement of an entry that stands alone is plain drizzle's, as long as drizzle could send it.
      const isFull = alone
        ? chunk.params >= mostParams
        : !chunk.copied && (chunk.size >= maxRows || chunk.bytes >= maxBytes);
      // A conflict clause sees all rows of its statement.
      if (isFull && !conflict) close(kind);
    }
  }
  for (const chunk of chunks) {
    leaveAlone(chunk);
    // Rows of the table that differ from most in what they give.
    if (chunk.size <= maxRows && chunk.bytes <= maxBytes) chunk.copied = false;
  }
  return chunks;
}

interface Sharing {
  readonly alone: boolean;
  readonly match: Match | undefined;
  /** Columns that must be told, where the keys of all rows that are named are not taken ahead. */
  readonly named: ReadonlySet<number> | undefined;
}

function howToShare(
  entry: Entry,
  rows: Rows<EncodedCell>,
  table: TablePlan,
  kinds: Kinds,
  planning: Planning,
): Sharing {
  const alone = mustStandAlone(entry, table, planning) || !canShareConflict(entry, rows, table, kinds);
  const match = alone ? undefined : table.matches.get(entry);
  // Rows that share a statement have every key that is named taken ahead, else they stand alone.
  return { alone, match, named: alone || match ? table.named(entry) : undefined };
}

/** Rows of one kind can be said by one statement. */
class Kinds {
  readonly #tables: ReadonlyMap<TablePlan, number>;
  readonly #kinds = new Map<Form, string>();
  readonly #drawn = new Map<Form, readonly Drawn[]>();

  constructor(tables: readonly TablePlan[]) {
    this.#tables = new Map(tables.map((table, index) => [table, index]));
  }

  /** @param own the form that the row was given in, without keys that it has been allotted since */
  of(entry: Entry, form: Form, own: Form, table: TablePlan, match: Match | undefined): string {
    // Few entries ask for more than their form tells.
    if (entry.overriding || match || own !== form || table.facts?.secured)
      return `${kindOf(entry, form, own, table)} ${this.#tables.get(table)} ${match?.kind ?? ''}`;
    let kind = this.#kinds.get(form);
    if (kind === undefined) {
      kind = `${kindOf(entry, form, own, table)} ${this.#tables.get(table)} `;
      this.#kinds.set(form, kind);
    }
    return kind;
  }

  /** The columns whose keys a row of the form is given. */
  drawn(form: Form, { facts, allocated }: TablePlan, shape: Entry['shape']): readonly Drawn[] {
    let drawn = this.#drawn.get(form);
    if (drawn === undefined) {
      drawn = [...allocated].flatMap((column) => {
        const ofColumn = columnFacts(facts, shape, column);
        return form.columns[column] === Given.nothing && ofColumn ? [{ column, facts: ofColumn }] : [];
      });
      this.#drawn.set(form, drawn);
    }
    return drawn;
  }
}

interface Drawn {
  readonly column: number;
  readonly facts: ColumnFacts;
}

function kindOf(
  { overriding, returning, shape }: Entry,
  form: Form,
  own: Form,
  { facts, allocated }: TablePlan,
): string {
  let kind = `${overriding ? 'o' : ''}${facts?.secured && returning ? 'r' : ''} `;
  for (const [column, given] of form.columns.entries()) {
    const isAlways = columnFacts(facts, shape, column)?.always === true;
    // A value given for GENERATED ALWAYS must fail, so it can't share the OVERRIDING of allocated keys.
    const isGiven = own.columns[column] !== Given.nothing;
    if (given === Given.nothing && !allocated.has(column)) kind += '-';
    else kind += !isAlways ? 'v' : isGiven ? 'g' : 'k';
  }
  return kind;
}

/** A statement with a conflict clause has all rows of an entry. */
function canShareConflict(entry: Entry, rows: Rows<EncodedCell>, table: TablePlan, kinds: Kinds): boolean {
  if (!entry.conflict) return true;
  const match = table.matches.get(entry);
  if (!match) return false;
  const all = new Set<string>();
  for (const form of formsOf(rows)) all.add(kinds.of(entry, form, form, table, match));
  return all.size === 1;
}

/** Whether a statement takes a whole entry more, and none of its rows twice: those go in turn. */
function hasRoom(
  { size, bytes, match }: Chunk,
  entry: Entry,
  { values }: Match,
  { maxRows, maxBytes }: Planning,
): boolean {
  if (size + entry.count > maxRows || bytes + entry.bytes > maxBytes) return false;
  return !values?.some((value) => match?.values?.has(value));
}

/** A conflict clause that no other entry has come to share needs no more than drizzle's own statement. */
function leaveAlone(chunk: Chunk): void {
  if (!chunk.match || chunk.entries.some((entry) => entry !== chunk.first)) return;
  chunk.alone = true;
  chunk.match = undefined;
}

/** Well below the 65,534 of the protocol, so that one more row has its place. */
const mostParams = 50_000;

/** How many parameters the last row takes where its cells are not parts of arrays. */
function countParams(chunk: Chunk): number {
  let params = 0;
  for (const column of chunk.shape.columns.keys()) {
    const cell = chunk.cell(chunk.size - 1, column);
    if (cell instanceof Expression) params += cell.rendered.params.length;
    else if (cell !== undefined) params += 1;
  }
  return params;
}
