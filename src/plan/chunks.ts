/** Rows → chunks, each no larger than one statement should be. */
import type { PgTable } from 'drizzle-orm/pg-core';
import { Expression } from '../drizzle/render.ts';
import type { Entry } from '../take/entry.ts';
import { type Form, formOf } from '../take/form.ts';
import { Chunk, type WayOfWriting } from './chunk.ts';
import type { ConflictKey } from './conflict-key.ts';
import { encodedRows } from './encode-rows.ts';
import { finishChunk } from './finish-chunk.ts';
import type { KeyLists } from './key-lists.ts';
import type { Planning } from './plan-input.ts';
import { type TablePlan, tablePlanOf } from './plan-table.ts';
import { hasSamePlan } from './same-plan.ts';
import { type Drawn, howToShare, type Sharing, StatementKeys } from './statement-key.ts';

/**
 * @param entries of one level of tables, in call order
 */
export function makeChunks(
  planning: Planning,
  entries: readonly Entry[],
  planned: ReadonlyMap<PgTable, TablePlan>,
  lists: KeyLists,
): Chunk[] {
  const chunks: Chunk[] = [];
  const open = new OpenChunks(planning, lists, chunks);
  const statementKeys = new StatementKeys([...planned.values()]);
  let sharing: Sharing | undefined;
  let statementKey = '';
  let drawn: readonly Drawn[] = [];
  /** The form of the last row, as it is sent and as the caller gave it. */
  let form: Form | undefined;
  let given: Form | undefined;
  for (let number = 0; number < entries.length; number++) {
    const entry = entries[number] as Entry;
    const table = tablePlanOf(planned, entry.shape);
    const rows = encodedRows(planning.encoded, entry);
    const before = entries[number - 1];
    const isAlike = before !== undefined && hasSamePlan(entry, before, planning.encoded);
    if (!sharing || !isAlike) sharing = howToShare(entry, rows, table, statementKeys, planning);
    if (!isAlike || sharing.way === 'own') form = undefined;
    for (let row = 0; row < entry.count; row++) {
      const sent = formOf(rows, row);
      // Most rows go where the one before them went.
      if (sent !== form || formOf(entry, row) !== given) {
        form = sent;
        given = formOf(entry, row);
        const next =
          sharing.way === 'own'
            ? `alone ${number}`
            : statementKeys.of(entry, form, given, table, sharing.conflictKey);
        // The rows of a table stay in the order of the calls, which a SELECT without ORDER BY shows.
        if (next !== statementKey) open.closeAll();
        statementKey = next;
        drawn = statementKeys.drawn(form, table, entry.shape);
      }
      if (row === 0 && sharing.conflictKey) open.makeRoom(statementKey, entry, sharing.conflictKey);
      open.add(statementKey, entry, row, form, table, sharing, drawn);
    }
  }
  for (const chunk of chunks) finishChunk(chunk, planning);
  return chunks;
}

/** The chunks that still take rows, by statement key. */
class OpenChunks {
  readonly #open = new Map<string, Chunk>();
  /** The chunk of the last row. The next row mostly goes to the same one, without a look-up. */
  #last: { readonly statementKey: string; readonly chunk: Chunk } | undefined;

  constructor(
    readonly planning: Planning,
    readonly lists: KeyLists,
    readonly chunks: Chunk[],
  ) {}

  add(
    statementKey: string,
    entry: Entry,
    row: number,
    form: Form,
    table: TablePlan,
    { way, conflictKey, nameableColumns }: Sharing,
    drawn: readonly Drawn[],
  ): void {
    const chunk =
      this.#last?.statementKey === statementKey
        ? this.#last.chunk
        : this.#chunkOf(statementKey, entry, table, way, conflictKey);
    chunk.add(entry, row, form);
    for (const { column, facts } of drawn) chunk.giveKey(column, this.lists.take(entry, row, column, facts));
    chunk.bytes += entry.bytes / entry.count;
    if (way === 'own') chunk.params += countParams(chunk);
    const value = conflictKey?.values?.[row];
    if (value !== undefined) chunk.conflictKey?.values?.add(value);
    if (nameableColumns) returnNameable(chunk, entry, nameableColumns);
    // A conflict clause needs all rows of its entry in one statement.
    if (!entry.conflict && this.#isFull(chunk)) this.#close(statementKey);
  }

  /**
   * Closes a chunk that has no room for an entry with a conflict clause.
   * Such an entry needs one statement. That statement must not touch the same row twice, so entries with
   * equal values go into statements of their own, in call order.
   */
  makeRoom(statementKey: string, entry: Entry, { values }: ConflictKey): void {
    const chunk = this.#open.get(statementKey);
    if (!chunk) return;
    const { maxRows, maxBytes } = this.planning;
    const isTooMuch = chunk.size + entry.count > maxRows || chunk.bytes + entry.bytes > maxBytes;
    if (isTooMuch || values?.some((value) => chunk.conflictKey?.values?.has(value)))
      this.#close(statementKey);
  }

  closeAll(): void {
    this.#open.clear();
    this.#last = undefined;
  }

  #chunkOf(
    statementKey: string,
    entry: Entry,
    table: TablePlan,
    way: WayOfWriting,
    conflictKey: ConflictKey | undefined,
  ): Chunk {
    const chunk = this.#open.get(statementKey) ?? this.#begin(statementKey, entry, table, way, conflictKey);
    this.#last = { statementKey, chunk };
    return chunk;
  }

  #begin(
    statementKey: string,
    entry: Entry,
    table: TablePlan,
    way: WayOfWriting,
    conflictKey: ConflictKey | undefined,
  ): Chunk {
    const shared = conflictKey && {
      columns: conflictKey.columns,
      values: conflictKey.values && new Set<string>(),
    };
    const chunk = new Chunk(entry.shape, table.facts, this.planning.encoded, this.lists, way, shared);
    this.chunks.push(chunk);
    this.#open.set(statementKey, chunk);
    return chunk;
  }

  #close(statementKey: string): void {
    this.#open.delete(statementKey);
    this.#last = undefined;
    this.lists.breakOff();
  }

  /** A chunk of the way `own` is plain drizzle's statement. Only the parameter limit may split it. */
  #isFull({ way, params, size, bytes }: Chunk): boolean {
    if (way === 'own') return params >= mostParams;
    return (
      way !== 'copied' &&
      (size >= this.planning.maxRows || bytes >= Math.min(this.planning.maxBytes, enoughBytes))
    );
  }
}

function returnNameable(chunk: Chunk, entry: Entry, nameableColumns: ReadonlySet<number>): void {
  for (const column of nameableColumns) {
    const isGenerated = column >= chunk.shape.columns.length;
    const cell = isGenerated ? undefined : chunk.cell(chunk.size - 1, column);
    if (entry.conflict || cell === undefined || cell instanceof Expression) chunk.returnedColumns.add(column);
  }
}

/**
 * A statement of so many bytes has no more rows: the server works on it while the client writes the next one. It also reads
 * several arrays of this size in less time than one large array.
 */
const enoughBytes = 512 * 1024;

/** Well below the protocol's 65,534, so that one more row fits. */
const mostParams = 50_000;

/** How many parameters the last row takes as VALUES. (`unnest` takes arrays instead.) */
function countParams(chunk: Chunk): number {
  let params = 0;
  for (const column of chunk.shape.columns.keys()) {
    const cell = chunk.cell(chunk.size - 1, column);
    if (cell instanceof Expression) params += cell.rendered.params.length;
    else if (cell !== undefined) params += 1;
  }
  return params;
}
