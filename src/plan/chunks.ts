/** Rows → chunks: what one statement can say, no larger than one statement should be. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { Expression } from '../drizzle/render.ts';
import type { Entry } from '../take/entry.ts';
import { type Form, formOf } from '../take/form.ts';
import { Chunk, type WayOfWriting } from './chunk.ts';
import { encodedRows } from './encode-rows.ts';
import type { KeyLists } from './key-lists.ts';
import type { Match } from './match.ts';
import type { Planning } from './plan-input.ts';
import type { TablePlan } from './plan-table.ts';
import { hasSamePlan } from './same-plan.ts';
import { type Drawn, howToShare, Kinds, type Sharing } from './statement-kind.ts';

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
  const chunks: Chunk[] = [];
  const open = new OpenChunks(planning, lists, chunks);
  const kinds = new Kinds([...planned.values()]);
  let sharing: Sharing | undefined;
  let kind = '';
  for (let number = 0; number < entries.length; number++) {
    const entry = entries[number] as Entry;
    const table = planned.get(entry.shape.table);
    if (!table) continue;
    const rows = encodedRows(planning.encoded, entry);
    const before = entries[number - 1];
    if (!sharing || !before || !hasSamePlan(entry, before, planning.encoded)) {
      sharing = howToShare(entry, rows, table, kinds, planning);
    }
    for (let row = 0; row < entry.count; row++) {
      const form = formOf(rows, row);
      const next =
        sharing.way === 'own'
          ? `alone ${number}`
          : kinds.of(entry, form, formOf(entry, row), table, sharing.match);
      if (keepsOrder && next !== kind) open.closeAll();
      kind = next;
      if (row === 0 && sharing.match) open.makeRoom(kind, entry, sharing.match);
      open.add(kind, entry, row, form, table, sharing, kinds.drawn(form, table, entry.shape));
    }
  }
  for (const chunk of chunks) finish(chunk, planning);
  return chunks;
}

/** The chunks that still take rows, by the kind of their rows. */
class OpenChunks {
  readonly #open = new Map<string, Chunk>();
  /** The chunk of the last row, which is mostly that of the next. */
  #last: { readonly kind: string; readonly chunk: Chunk } | undefined;

  constructor(
    readonly planning: Planning,
    readonly lists: KeyLists,
    readonly chunks: Chunk[],
  ) {}

  add(
    kind: string,
    entry: Entry,
    row: number,
    form: Form,
    table: TablePlan,
    { way, match, named }: Sharing,
    drawn: readonly Drawn[],
  ): void {
    const chunk =
      this.#last?.kind === kind ? this.#last.chunk : this.#chunkOf(kind, entry, table, way, match);
    chunk.add(entry, row, form);
    for (const { column, facts } of drawn) chunk.giveKey(column, this.lists.take(entry, row, column, facts));
    chunk.bytes += entry.bytes / entry.count;
    if (way === 'own') chunk.params += countParams(chunk);
    const value = match?.values?.[row];
    if (value !== undefined) chunk.match?.values?.add(value);
    if (named) tellNamed(chunk, entry, named);
    // A conflict clause sees all rows of its statement.
    if (!entry.conflict && this.#isFull(chunk)) this.#close(kind);
  }

  /** A statement takes a whole entry with a conflict clause, and none of its rows twice: those go in turn. */
  makeRoom(kind: string, entry: Entry, { values }: Match): void {
    const chunk = this.#open.get(kind);
    if (!chunk) return;
    const { maxRows, maxBytes } = this.planning;
    const isTooMuch = chunk.size + entry.count > maxRows || chunk.bytes + entry.bytes > maxBytes;
    if (isTooMuch || values?.some((value) => chunk.match?.values?.has(value))) this.#close(kind);
  }

  closeAll(): void {
    this.#open.clear();
    this.#last = undefined;
  }

  #chunkOf(kind: string, entry: Entry, table: TablePlan, way: WayOfWriting, match: Match | undefined): Chunk {
    const chunk = this.#open.get(kind) ?? this.#begin(kind, entry, table, way, match);
    this.#last = { kind, chunk };
    return chunk;
  }

  #begin(kind: string, entry: Entry, table: TablePlan, way: WayOfWriting, match: Match | undefined): Chunk {
    const shared = match && { columns: match.columns, values: match.values && new Set<string>() };
    const chunk = new Chunk(entry.shape, table.facts, this.planning.encoded, this.lists, way, shared);
    this.chunks.push(chunk);
    this.#open.set(kind, chunk);
    return chunk;
  }

  #close(kind: string): void {
    this.#open.delete(kind);
    this.#last = undefined;
    this.lists.breakOff();
  }

  /** The statement of an entry that stands alone is plain drizzle's, as long as drizzle could send it. */
  #isFull({ way, params, size, bytes }: Chunk): boolean {
    if (way === 'own') return params >= mostParams;
    return way !== 'copied' && (size >= this.planning.maxRows || bytes >= this.planning.maxBytes);
  }
}

function tellNamed(chunk: Chunk, entry: Entry, named: ReadonlySet<number>): void {
  for (const column of named) {
    if (entry.conflict || chunk.cell(chunk.size - 1, column) === undefined) chunk.told.add(column);
  }
}

/** Settles the way of a chunk that has all its rows. */
function finish(chunk: Chunk, planning: Planning): void {
  if (chunk.way === 'copied' && !isWorthCopying(chunk, planning)) chunk.way = 'shared';
  // A conflict clause that no other entry shares needs no more than drizzle's own statement.
  if (chunk.way === 'matched' && chunk.entries.every((entry) => entry === chunk.first)) {
    chunk.way = 'own';
    chunk.match = undefined;
  }
}

/** Not worth it: few rows that leave out other columns than the rest of the table's, and rows of nothing but defaults. */
function isWorthCopying(chunk: Chunk, { copyRows, maxRows, maxBytes }: Planning): boolean {
  const fitsOne = chunk.size < copyRows && chunk.size <= maxRows && chunk.bytes <= maxBytes;
  return !fitsOne && chunk.shape.columns.some((_, column) => chunk.gives(column));
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
