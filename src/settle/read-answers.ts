/** The answers of a flight → what each caller gets, and what references wait for. */
import type { FlushContext } from '../context.ts';
import type { ResultMaker } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';
import { onlyColumns, type SelectedField } from '../drizzle/selection.ts';
import { columnAt, columnName } from '../drizzle/table.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { columnFacts } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { type Chunk, isKeyPlace } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import type { Entry } from '../take/entry.ts';
import { isKnown, type Returning } from '../write/returning.ts';
import type { SentChunk } from '../write/write-flight.ts';
import type { Outcomes } from './outcomes.ts';
import { pairByIdentifier, pairByOrdinal } from './pair-rows.ts';
import { Gathered, Known } from './results.ts';

/** The outcome of every entry whose rows were written. */
export function readAnswers(
  plan: Plan,
  sent: readonly SentChunk[],
  answers: readonly Answer[],
  context: FlushContext,
): Outcomes {
  const gathered = new Map<Entry, Gathered>();
  const known: Outcomes[number][] = [];
  for (const [index, { chunk, returning }] of sent.entries()) {
    const answer = answers[index] as Answer;
    const own = (entry: Entry) =>
      getOrInsert(gathered, entry, () => new Gathered(answer, context.driver.results));
    const shared = () => known.push(readShared(plan, chunk, returning, answer, own, context));
    switch (chunk.way) {
      case 'own':
        readOwn(chunk, returning, answer, own, context);
        break;
      case 'matched':
        if (returning.clause) readMatched(chunk, returning, answer, own, context);
        else shared();
        break;
      case 'shared':
      case 'copied':
        shared();
        break;
      default:
        chunk.way satisfies never;
    }
  }
  return [...known, ...[...gathered].map(([entry, outcome]) => [[entry], outcome] as const)];
}

/** A statement of one entry: its answer is the caller's, whatever a conflict or a trigger made of the rows. */
function readOwn(
  chunk: Chunk,
  { places }: Returning,
  answer: Answer,
  own: (entry: Entry) => Gathered,
  { dialect, driver }: FlushContext,
): void {
  const entry = chunk.first;
  const written = own(entry);
  const selection = entry.returning ?? [];
  const order = onlyColumns(selection)
    ? selection.map(({ field }) => places.get(columnName(dialect, field)) ?? -1)
    : selection.map((_, index) => index);
  written.count += answer.count ?? 0;
  written.names = driver.results.columnNames(answer, order);
  const isWhole = answer.length === chunk.size;
  const keyPlaces = placesOfKeys(chunk, places);
  for (const [index, values] of answer.entries()) {
    if (entry.returning) written.rows.push(order.map((place) => values[place]));
    // Which row a conflict clause has skipped nobody can tell from the rows that are left.
    const row = isWhole ? chunk.rows[index] : undefined;
    if (row !== undefined)
      for (const [column, place] of keyPlaces) entry.rememberValue(row, column, values[place]);
  }
}

/**
 * A statement of several entries is written whole or not at all, and its rows are told apart by their keys.
 *
 * @returns the outcome of all who need none of them
 */
function readShared(
  plan: Plan,
  chunk: Chunk,
  { clause, places }: Returning,
  answer: Answer,
  own: (entry: Entry) => Gathered,
  context: FlushContext,
): Outcomes[number] {
  const { entries, rows, shape, size } = chunk;
  if (answer.count !== size) {
    const message = `${shape.name}: ${size} rows sent, ${answer.count} written`;
    throw new BatchedDrizzleError('MISMATCHED_ANSWER', message);
  }
  const identifier = plan.identifiers.get(shape.table);
  const { type = 0, base = 0 } =
    identifier === undefined ? {} : (columnFacts(chunk.facts, shape, identifier) ?? {});
  const { driver } = context;
  const parse = driver.parser(base);
  const known = new Known(answer, driver.results, identifier, parse, (key) =>
    driver.values.serialize(key, type),
  );
  if (!clause) return [entries, known];
  const place = identifier === undefined ? undefined : places.get(columnAt(shape, identifier).name);
  if (identifier === undefined || place === undefined) {
    throw new BatchedDrizzleError(
      'MISMATCHED_ANSWER',
      `${shape.name}: nothing tells the returned rows apart`,
    );
  }
  // Both sides through the client's parser, which may have an integer or a UUID in a form of its own.
  const sent = rows.map((_, row) => String(parse?.(keyAt(chunk, row, identifier))));
  const returned = pairByIdentifier(shape.name, sent, answer, (row) => String(row[place]));
  const keyPlaces = placesOfKeys(chunk, places);
  const selections = new Map<readonly SelectedField[], Selection>();
  const rest: Entry[] = [];
  for (const [index, entry] of entries.entries()) {
    const row = rows[index] ?? 0;
    const values = returned[index];
    if (values) for (const [column, place] of keyPlaces) entry.rememberValue(row, column, values[place]);
    const { returning } = entry;
    const selected =
      returning &&
      getOrInsert(selections, returning, () => selectionOf(entry, answer, places, driver.results));
    if (!selected || isKnown(entry, plan, chunk, context)) {
      rest.push(entry);
      continue;
    }
    const gathered = own(entry);
    gathered.count += 1;
    gathered.names = selected.names;
    gathered.rows[row] = selected.places.map((place) => values?.[place]);
  }
  return [rest, known];
}

/** Where an answer has what an entry selects. */
interface Selection {
  readonly places: readonly number[];
  readonly names: readonly string[];
}

function selectionOf(
  { returning, shape }: Entry,
  answer: Answer,
  at: Returning['places'],
  results: ResultMaker,
): Selection {
  const fields = returning && onlyColumns(returning) ? returning : [];
  const places = fields.map(({ field }) => at.get(columnName(shape.dialect, field)) ?? -1);
  return { places, names: results.columnNames(answer, places) };
}

/** The text of what tells a row apart, its own or the key that it was given. */
function keyAt(chunk: Chunk, row: number, identifier: number): string {
  const cell = chunk.cell(row, identifier);
  return String(isKeyPlace(cell) ? cell.list.keys?.at(cell.position - 1) : cell);
}

/** A statement of several entries that may have left rows out; it tells which of them each row of its answer is. */
function readMatched(
  chunk: Chunk,
  { places }: Returning,
  answer: Answer,
  own: (entry: Entry) => Gathered,
  { driver }: FlushContext,
): void {
  const { shape, entries, rows, size, first } = chunk;
  const returned = pairByOrdinal(shape.name, size, answer, !first.conflict?.maySkip);
  const keyPlaces = placesOfKeys(chunk, places);
  for (const [index, entry] of entries.entries()) {
    const gathered = own(entry);
    const values = returned[index];
    const selected = selectionOf(entry, answer, places, driver.results);
    gathered.names = selected.names;
    if (!values) continue;
    gathered.count += 1;
    if (entry.returning) gathered.rows.push(selected.places.map((place) => values[place]));
    for (const [column, place] of keyPlaces) entry.rememberValue(rows[index] ?? 0, column, values[place]);
  }
}

/** Where the returned row has what a reference waits for, or may name later. */
function placesOfKeys({ shape }: Chunk, places: Returning['places']): [column: number, place: number][] {
  return shape.columns.flatMap(({ name, isKeyed }, index): [number, number][] => {
    const place = isKeyed ? places.get(name) : undefined;
    return place === undefined ? [] : [[index, place]];
  });
}
