/** Answers → outcomes. The only place where a caller's promise is resolved or rejected. */
import { columnName, mapRow, type SelectedField } from './drizzle-facts.ts';
import type { Entry, Outcome } from './entry.ts';
import {
  asError,
  BatchedDrizzleError,
  BatchedInsertError,
  codeOf,
  FlushError,
  type TableFailure,
} from './errors.ts';
import type { FlushContext, FlushFailure } from './flush.ts';
import { pairByIdentifier } from './pair.ts';
import { type Chunk, columnFacts, isKeyPlace, type KeyList, onlyColumns, type Plan } from './plan.ts';
import { emptyAnswer, withoutStatement } from './postgres-facts.ts';
import type { Answer } from './statement.ts';
import type { Returning } from './write/returning.ts';

export interface SentChunk {
  readonly chunk: Chunk;
  readonly returning: Returning;
}

/** Keeps the keys with their entries, where references look for them. */
export function noteKeys(plan: Plan, keys: ReadonlyMap<KeyList, readonly string[]>): void {
  for (const { rows } of plan.chunks) {
    for (const { entry, row, cells } of rows) {
      for (const [column, cell] of cells.entries()) {
        if (isKeyPlace(cell) && entry.rows[row]?.[column] === undefined) {
          note(entry, column, row, keys.get(cell.list)?.[cell.position - 1]);
        }
      }
    }
  }
}

function note(entry: Entry, column: number, row: number, value: unknown): void {
  const values = (entry.known.get(column) as unknown[] | undefined) ?? [];
  values[row] = value;
  entry.known.set(column, values as (string | null)[]);
}

/** Whether the client has what an entry selects without asking: the keys it was given, and nothing else. */
export function isKnown(entry: Entry, plan: Plan, chunk: Chunk, context: FlushContext): boolean {
  const identifier = plan.identifiers.get(chunk.shape.table);
  const facts = identifier === undefined ? undefined : columnFacts(chunk.facts, chunk.shape, identifier);
  if (chunk.alone || !facts || chunk.facts?.secured || !context.driver.parser(facts.base)) return false;
  const key = chunk.shape.columns[identifier ?? -1]?.column;
  return entry.returning?.every(({ field }) => field === key) ?? false;
}

/** The outcome of every entry whose rows were written. */
export function readAnswers(
  plan: Plan,
  sent: readonly SentChunk[],
  answers: readonly Answer[],
  context: FlushContext,
): Map<Entry, Outcome> {
  const returned = new Map<Entry, unknown[][]>();
  const written = new Map<Entry, { count: number; answer: Answer }>();
  for (const [index, { chunk, returning }] of sent.entries()) {
    const answer = answers[index] as Answer;
    checkCount(chunk, answer);
    if (returning.clause) collectRows(chunk, returning, plan, answer, returned);
    for (const { entry } of chunk.rows) {
      const own = written.get(entry) ?? { count: 0, answer };
      own.count += chunk.alone ? 0 : 1;
      written.set(entry, own);
    }
    const lone = chunk.alone ? chunk.rows[0]?.entry : undefined;
    if (lone) written.set(lone, { count: answer.count ?? 0, answer });
  }
  const places = new Map(
    sent.flatMap(({ chunk, returning }) => chunk.rows.map(({ entry }) => [entry, { chunk, returning }])),
  );
  return new Map(
    [...written].map(([entry, { count, answer }]): [Entry, Outcome] => {
      const { chunk, returning } = places.get(entry) as SentChunk;
      if (!entry.returning) return [entry, { value: () => emptyAnswer(answer, count) }];
      const selection = entry.returning;
      const rows = isKnown(entry, plan, chunk, context)
        ? knownRows(entry, plan, chunk, context)
        : select(selection, returned.get(entry) ?? [], returning, context);
      return [entry, { value: () => rows.map((row) => mapRow(selection, row)) }];
    }),
  );
}

/** A chunk of several callers is written whole or not at all; who stands alone has a count of his own. */
function checkCount({ alone, rows, shape }: Chunk, { count }: Answer): void {
  if (!alone && count !== rows.length) {
    throw new BatchedDrizzleError(
      'MISMATCHED_ANSWER',
      `${shape.name}: ${rows.length} rows sent, ${count} written`,
    );
  }
}

function collectRows(
  chunk: Chunk,
  { places }: Returning,
  plan: Plan,
  answer: Answer,
  returned: Map<Entry, unknown[][]>,
): void {
  const { rows, shape, alone } = chunk;
  const identifier = plan.identifiers.get(shape.table);
  const name = shape.columns[identifier ?? -1]?.name;
  const place = name === undefined ? undefined : places.get(name);
  const paired =
    alone || identifier === undefined || place === undefined
      ? answer
      : pairByIdentifier(
          shape.name,
          rows.map((row) => identifierOf(row, identifier)),
          answer,
          (row) => String(row[place]),
        );
  const lone = rows[0]?.entry;
  for (const [index, row] of paired.entries()) {
    const entry = alone ? lone : rows[index]?.entry;
    if (!entry) continue;
    const own = returned.get(entry);
    if (own) own.push(row);
    else returned.set(entry, [row]);
    noteReturned(entry, (returned.get(entry)?.length ?? 1) - 1, row, places, chunk);
  }
}

function identifierOf({ entry, row, cells }: Chunk['rows'][number], identifier: number): string {
  const cell = cells[identifier];
  return isKeyPlace(cell) ? String(entry.known.get(identifier)?.[row]) : String(cell);
}

/** What a reference waits for and only the written row could tell. */
function noteReturned(
  entry: Entry,
  row: number,
  values: unknown[],
  places: Returning['places'],
  chunk: Chunk,
): void {
  for (const column of entry.referenced) {
    const place = places.get(chunk.shape.columns[column]?.name ?? '');
    if (place !== undefined && entry.known.get(column)?.[row] === undefined)
      note(entry, column, row, values[place]);
  }
}

function knownRows(entry: Entry, plan: Plan, chunk: Chunk, { driver }: FlushContext): unknown[][] {
  const identifier = plan.identifiers.get(chunk.shape.table) ?? -1;
  const parse = driver.parser(columnFacts(chunk.facts, chunk.shape, identifier)?.base ?? 0);
  return entry.rows.map((cells, row) => {
    const text = entry.known.get(identifier)?.[row] ?? String(cells[identifier]);
    return entry.returning?.map(() => parse?.(text)) ?? [];
  });
}

/** The caller's own columns of the returned rows, in the order of its selection. */
function select(
  selection: readonly SelectedField[],
  rows: readonly unknown[][],
  { places }: Returning,
  { dialect }: FlushContext,
): unknown[][] {
  if (!onlyColumns(selection)) return rows.map((row) => row.slice(0, selection.length));
  const order = selection.map(({ field }) => places.get(columnName(dialect, field)));
  return rows.map((row) => order.map((place) => row[place as number]));
}

/** Settles entries that were written. */
export function fulfil(outcomes: ReadonlyMap<Entry, Outcome>): void {
  for (const [entry, outcome] of outcomes) entry.conclude(outcome);
}

/** Rejects one entry with an error of its own. */
export function rejectOne(entry: Entry, error: Error): FlushFailure {
  entry.conclude({ error });
  const cause = asError(error.cause ?? error);
  return { error: new FlushError(countFailures([entry], codeOf(cause)), cause), cause };
}

/**
 * Rejects every entry of a failed flush that is not settled yet, each with its own statement and without
 * another's values.
 *
 * @param culprit the entry whose statement failed, where it held no other's rows
 * @param isShared whether the entries may belong to callers who must not learn of each other
 */
export function rejectAll(
  entries: readonly Entry[],
  thrown: unknown,
  culprit: Entry | undefined,
  isShared: boolean,
): FlushFailure {
  const cause = withoutStatement(asError(thrown));
  const hidden = isShared && entries.length > 1 ? withoutValues(cause) : cause;
  const open = entries.filter(({ outcome }) => !outcome);
  for (const entry of open) {
    entry.conclude({ error: new BatchedInsertError(entry.own, entry === culprit ? cause : hidden) });
  }
  return { error: new FlushError(countFailures(open, codeOf(cause)), hidden), cause };
}

function countFailures(entries: readonly Entry[], code: string | undefined): TableFailure[] {
  const rows = new Map<string, number>();
  for (const entry of entries)
    rows.set(entry.shape.name, (rows.get(entry.shape.name) ?? 0) + entry.rows.length);
  return [...rows].map(([table, count]) => ({ table, rows: count, code }));
}

/** The database's error with its code, table and constraint; its words may hold another caller's values. */
function withoutValues(error: Error): Error {
  const { severity, code, schema_name, table_name, constraint_name, column_name } =
    error as unknown as Record<string, unknown>;
  if (severity === undefined) return error;
  const where = table_name === undefined ? '' : ` on table "${table_name}"`;
  const fields = { message: `another insert of the same batch failed with ${code}${where}` };
  const kept = { severity, code, schema_name, table_name, constraint_name, column_name };
  return new (error.constructor as new (fields: object) => Error)({ ...kept, ...fields });
}
