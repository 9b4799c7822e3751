/** The answers of a flight → the callers' results, and the values that references need. */
import { columnName } from '#version/drizzle/columns';
import type { FlushContext } from '../context.ts';
import type { Answer } from '../driver/statement.ts';
import { Unreadable } from '../driver/unreadable.ts';
import type { SelectedField } from '../drizzle/selected-field.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import { BatchedDrizzleError } from '../errors.ts';
import { columnFacts } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { type Chunk, isKeyPlace } from '../plan/chunk.ts';
import type { Plan } from '../plan/plan.ts';
import type { Entry } from '../take/entry.ts';
import { keyOf } from '../take/key-run.ts';
import { isKnown, type Returning } from '../write/returning.ts';
import type { SentChunk } from '../write/write-flight.ts';
import { matchRowsByOrdinal, matchRowsBySentinel } from './match-rows.ts';
import type { Outcomes } from './outcomes.ts';
import { GatheredOutcome, KnownOutcome } from './results.ts';
import { placeInAnswer, placesOfKeys, type Selection, selectionOf } from './returned-columns.ts';

/** The outcome of every entry whose rows were written. */
export function readAnswers(
  plan: Plan,
  sent: readonly SentChunk[],
  answers: readonly Answer[],
  context: FlushContext,
): Outcomes {
  const gathered = new Map<Entry, GatheredOutcome>();
  const known: Outcomes[number][] = [];
  for (const [index, { chunk, returning }] of sent.entries()) {
    const answer = answers[index] as Answer;
    const own = (entry: Entry) =>
      getOrInsert(gathered, entry, () => new GatheredOutcome(answer, context.driver.results));
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

/**
 * Reads the answer of one entry's statement. All its rows belong to the caller, even if a trigger changed
 * them.
 */
function readOwn(
  chunk: Chunk,
  { places }: Returning,
  answer: Answer,
  own: (entry: Entry) => GatheredOutcome,
  { dialect, driver }: FlushContext,
): void {
  const entry = chunk.first;
  const written = own(entry);
  const selection = entry.returning ?? [];
  const order = onlyColumns(selection)
    ? selection.map(({ field }) => placeInAnswer(places, columnName(dialect, field)))
    : selection.map((_, index) => index);
  written.count += answer.count ?? 0;
  written.names = driver.results.columnNames(answer, order);
  const isWhole = answer.length === chunk.size;
  const keyPlaces = placesOfKeys(chunk, places);
  for (const [index, values] of answer.entries()) {
    if (entry.returning) written.add(order.map((place) => values[place]));
    // If a conflict clause has skipped rows, the answer does not show which ones.
    const row = isWhole ? chunk.rows[index] : undefined;
    if (row !== undefined)
      for (const [column, place] of keyPlaces) remember(entry, row, column, values[place]);
  }
}

/**
 * Reads the answer of several entries. Their statement writes all rows or none, and the sentinel column
 * matches them.
 *
 * @returns the shared outcome of all entries that need no returned row
 */
function readShared(
  plan: Plan,
  chunk: Chunk,
  { clause, places }: Returning,
  answer: Answer,
  own: (entry: Entry) => GatheredOutcome,
  context: FlushContext,
): Outcomes[number] {
  const { entries, rows, shape, size } = chunk;
  if (answer.count !== size) {
    const message = `${shape.name}: ${size} rows sent, ${answer.count} written`;
    throw new BatchedDrizzleError('MISMATCHED_ANSWER', message);
  }
  const sentinelColumn = plan.sentinelColumns.get(shape.table);
  const known = knownOutcome(chunk, sentinelColumn, answer, context);
  if (!clause) return [entries, known];
  const sentinel = sentinelColumn === undefined ? undefined : shape.columns[sentinelColumn];
  const place = sentinel && places.get(sentinel.name);
  if (sentinelColumn === undefined || place === undefined) {
    throw new BatchedDrizzleError(
      'MISMATCHED_ANSWER',
      `${shape.name}: nothing tells the returned rows apart`,
    );
  }
  // The client's parser may change an integer or a UUID, so both sides go through it.
  const sent = rows.map((_, row) => String(known.parse?.(keyAt(chunk, row, sentinelColumn))));
  const returned = matchRowsBySentinel(shape.name, sent, answer, (row) => String(row[place]));
  const keyPlaces = placesOfKeys(chunk, places);
  const { results } = context.driver;
  const selections = new Map<readonly SelectedField[], Selection>();
  const rest: Entry[] = [];
  for (const [index, entry] of entries.entries()) {
    const row = rows[index] as number;
    const values = returned[index];
    if (values) for (const [column, place] of keyPlaces) remember(entry, row, column, values[place]);
    const { returning } = entry;
    if (!returning || isKnown(entry, plan, chunk, context)) {
      rest.push(entry);
      continue;
    }
    const selected = getOrInsert(selections, returning, () => selectionOf(entry, answer, places, results));
    const gathered = own(entry);
    gathered.count += 1;
    gathered.names = selected.names;
    gathered.add(
      selected.places.map((place) => values?.[place]),
      row,
    );
  }
  return [rest, known];
}

function remember(entry: Entry, row: number, column: number, value: unknown): void {
  if (!(value instanceof Unreadable)) entry.rememberValue(row, column, value);
}

/** The outcome of entries that need no returned row. */
function knownOutcome(
  { facts, shape }: Chunk,
  sentinelColumn: number | undefined,
  answer: Answer,
  { driver }: FlushContext,
): KnownOutcome {
  const ofColumn = sentinelColumn === undefined ? undefined : columnFacts(facts, shape, sentinelColumn);
  const { type = 0, base = 0 } = ofColumn ?? {};
  const serialize = (key: unknown): string | null => driver.values.serialize(key, type);
  return new KnownOutcome(answer, driver.results, sentinelColumn, driver.parser(base), base, serialize);
}

/** The text of the row's sentinel column: its own value, or the key that it was given. */
function keyAt(chunk: Chunk, row: number, sentinelColumn: number): string {
  const cell = chunk.cell(row, sentinelColumn);
  return isKeyPlace(cell) ? keyOf(cell) : String(cell);
}

/**
 * Reads the answer of several entries whose conflict clause may have skipped rows. Each returned row has its
 * position.
 */
function readMatched(
  chunk: Chunk,
  { places }: Returning,
  answer: Answer,
  own: (entry: Entry) => GatheredOutcome,
  { driver }: FlushContext,
): void {
  const { shape, entries, rows, size, first } = chunk;
  const returned = matchRowsByOrdinal(shape.name, size, answer, !first.conflict?.maySkip);
  const keyPlaces = placesOfKeys(chunk, places);
  for (const [index, entry] of entries.entries()) {
    const gathered = own(entry);
    const values = returned[index];
    const selected = selectionOf(entry, answer, places, driver.results);
    gathered.names = selected.names;
    if (!values) continue;
    gathered.count += 1;
    if (entry.returning) gathered.add(selected.places.map((place) => values[place]));
    for (const [column, place] of keyPlaces) remember(entry, rows[index] as number, column, values[place]);
  }
}
