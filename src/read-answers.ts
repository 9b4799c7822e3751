/** The answers of a flight → what each caller gets, and what references wait for. */
import { columnName, isKeyed, mapRow, onlyColumns } from './drizzle-facts.ts';
import type { Entry, Outcome } from './entry.ts';
import { BatchedDrizzleError } from './errors.ts';
import type { FlushContext } from './flush.ts';
import { getOrInsert } from './get-or-insert.ts';
import { pairByIdentifier, pairByOrdinal } from './pair.ts';
import { type Chunk, isKeyPlace, type KeyList, type Plan } from './plan.ts';
import { columnNames, emptyAnswer, objectRows } from './postgres-js/results.ts';
import type { Answer } from './statement.ts';
import { columnFacts } from './table-facts.ts';
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
        if (isKeyPlace(cell))
          note(entry.allotted, entry, row, column, keys.get(cell.list)?.[cell.position - 1]);
      }
    }
  }
}

/** Keeps a value that the server made; what the caller gave, or refers to, is known where it stands. */
function note<Value>(
  kept: Map<number, Value[]>,
  entry: Entry,
  row: number,
  column: number,
  value: NoInfer<Value>,
): void {
  if (entry.rows[row]?.[column] === undefined) getOrInsert(kept, column, () => [])[row] = value;
}

/** Whether the client has what an entry selects without asking: the keys it was given, and nothing else. */
export function isKnown(entry: Entry, plan: Plan, chunk: Chunk, { driver }: FlushContext): boolean {
  const identifier = plan.identifiers.get(chunk.shape.table);
  if (identifier === undefined || chunk.alone || chunk.match || chunk.facts?.secured) return false;
  const facts = columnFacts(chunk.facts, chunk.shape, identifier);
  const key = chunk.shape.columns[identifier]?.column;
  const selectsKey = entry.returning?.every(({ field }) => field === key) ?? false;
  return selectsKey && facts !== undefined && driver.parser(facts.base) !== undefined;
}

/** What one entry's rows came to, gathered from the statements that wrote them. */
interface Written {
  answer: Answer;
  count: number;
  /** In the order of the entry's rows, each with the columns of its selection. */
  readonly rows: unknown[][];
  /** The selection's names in the database. */
  names: readonly string[];
}

/** The outcome of every entry whose rows were written. */
export function readAnswers(
  plan: Plan,
  sent: readonly SentChunk[],
  answers: readonly Answer[],
  context: FlushContext,
): Map<Entry, Outcome> {
  const written = new Map<Entry, Written>();
  for (const [index, { chunk, returning }] of sent.entries()) {
    const answer = answers[index] as Answer;
    const own = (entry: Entry) =>
      getOrInsert(written, entry, () => ({ answer, count: 0, rows: [], names: [] }));
    if (chunk.alone) readLone(chunk, returning, answer, own, context);
    else if (chunk.match && returning.clause) readMatched(chunk, returning, answer, own, context);
    else readShared(plan, chunk, returning, answer, own, context);
  }
  return new Map([...written].map(([entry, gathered]) => [entry, outcomeOf(entry, gathered)]));
}

function outcomeOf({ returning }: Entry, { answer, count, rows, names }: Written): Outcome {
  if (!returning)
    return { value: () => emptyAnswer(answer, count), driverValue: () => emptyAnswer(answer, count) };
  return {
    value: () => rows.map((row) => mapRow(returning, row)),
    driverValue: () => objectRows(answer, names, rows),
  };
}

/** A statement of one entry: its answer is the caller's, whatever a conflict or a trigger made of the rows. */
function readLone(
  chunk: Chunk,
  { places }: Returning,
  answer: Answer,
  own: (entry: Entry) => Written,
  { dialect }: FlushContext,
): void {
  const entry = chunk.rows[0]?.entry;
  if (!entry) return;
  const written = own(entry);
  const selection = entry.returning ?? [];
  const order = onlyColumns(selection)
    ? selection.map(({ field }) => places.get(columnName(dialect, field)) ?? -1)
    : selection.map((_, index) => index);
  written.count += answer.count ?? 0;
  written.names = columnNames(answer, order);
  const isWhole = answer.length === chunk.rows.length;
  const keyPlaces = placesOfKeys(chunk, places);
  for (const [index, values] of answer.entries()) {
    if (entry.returning) written.rows.push(order.map((place) => values[place]));
    // Which row a conflict clause has skipped nobody can tell from the rows that are left.
    const row = isWhole ? chunk.rows[index]?.row : undefined;
    if (row !== undefined)
      for (const [column, place] of keyPlaces) note(entry.known, entry, row, column, values[place]);
  }
}

/** A statement of several entries is written whole or not at all, and its rows are told apart by their keys. */
function readShared(
  plan: Plan,
  chunk: Chunk,
  { clause, places }: Returning,
  answer: Answer,
  own: (entry: Entry) => Written,
  context: FlushContext,
): void {
  const { rows, shape } = chunk;
  if (answer.count !== rows.length) {
    const message = `${shape.name}: ${rows.length} rows sent, ${answer.count} written`;
    throw new BatchedDrizzleError('MISMATCHED_ANSWER', message);
  }
  const identifier = plan.identifiers.get(shape.table);
  const keys = identifier === undefined ? [] : rows.map((row) => identifierOf(row, identifier));
  const place = places.get(shape.columns[identifier ?? -1]?.name ?? '');
  if (clause && place === undefined) {
    throw new BatchedDrizzleError(
      'MISMATCHED_ANSWER',
      `${shape.name}: nothing tells the returned rows apart`,
    );
  }
  const type = identifier === undefined ? undefined : columnFacts(chunk.facts, shape, identifier)?.base;
  const parse = context.driver.parser(type ?? 0);
  // Both sides through the client's parser, which may have an integer or a UUID in a form of its own.
  const sent = place === undefined ? [] : keys.map((key) => String(parse?.(key)));
  const returned =
    place === undefined ? [] : pairByIdentifier(shape.name, sent, answer, (row) => String(row[place]));
  const keyPlaces = placesOfKeys(chunk, places);
  const selections = new Map<Entry, { names: string[]; isKnown: boolean }>();
  for (const [index, { entry, row }] of rows.entries()) {
    const written = own(entry);
    written.count += 1;
    const values = returned[index];
    if (values) for (const [column, place] of keyPlaces) note(entry.known, entry, row, column, values[place]);
    if (!entry.returning || !onlyColumns(entry.returning)) continue;
    const fields = entry.returning;
    const { names, isKnown: isOwn } = getOrInsert(selections, entry, () => ({
      names: fields.map(({ field }) => columnName(context.dialect, field)),
      isKnown: isKnown(entry, plan, chunk, context),
    }));
    written.names = isOwn
      ? names
      : columnNames(
          answer,
          names.map((name) => places.get(name) ?? -1),
        );
    written.rows[row] = names.map((name) =>
      isOwn ? parse?.(keys[index] ?? '') : values?.[places.get(name) ?? -1],
    );
  }
}

/** A statement of several entries that may have left rows out; it tells which of them each row of its answer is. */
function readMatched(
  chunk: Chunk,
  { places }: Returning,
  answer: Answer,
  own: (entry: Entry) => Written,
  { dialect }: FlushContext,
): void {
  const { shape, rows } = chunk;
  const isComplete = !rows[0]?.entry.conflict?.maySkip;
  const returned = pairByOrdinal(shape.name, rows.length, answer, isComplete);
  const keyPlaces = placesOfKeys(chunk, places);
  for (const [index, { entry, row }] of rows.entries()) {
    const written = own(entry);
    const values = returned[index];
    const selection = entry.returning && onlyColumns(entry.returning) ? entry.returning : [];
    const order = selection.map(({ field }) => places.get(columnName(dialect, field)) ?? -1);
    written.names = columnNames(answer, order);
    if (!values) continue;
    written.count += 1;
    if (entry.returning) written.rows.push(order.map((place) => values[place]));
    for (const [column, place] of keyPlaces) note(entry.known, entry, row, column, values[place]);
  }
}

function identifierOf({ entry, row, cells }: Chunk['rows'][number], identifier: number): string {
  const cell = cells[identifier];
  return String(isKeyPlace(cell) ? entry.allotted.get(identifier)?.[row] : cell);
}

/** Where the returned row has what a reference waits for, or may name later. */
function placesOfKeys({ shape }: Chunk, places: Returning['places']): [column: number, place: number][] {
  return shape.columns.flatMap(({ name, column }, index): [number, number][] => {
    const place = places.get(name);
    return place !== undefined && isKeyed(column) ? [[index, place]] : [];
  });
}
