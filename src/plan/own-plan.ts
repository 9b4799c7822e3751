/** Which flushes go by own statements: each entry as the INSERT that drizzle itself would send. Pure. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { ValueEncoder } from '../driver/values.ts';
import { Expression, type Rendered, renderSelection } from '../drizzle/render.ts';
import { onlyColumns } from '../drizzle/selection.ts';
import type { TableShape } from '../drizzle/table.ts';
import { DeferredValue } from '../take/deferred.ts';
import { type Entry, Reference } from '../take/entry.ts';
import { isTextOfServer } from '../take/of-server.ts';
import { isKeptAsInteger } from './integer-columns.ts';
import { isUntyped, needsServerTypes } from './parameter-types.ts';
import { isTooFew, mostOwnRows } from './shares-little.ts';
import { unaskedColumns } from './unasked-columns.ts';

/** How many own statements a flight has: beyond that a shared statement for each table is worth its facts. */
const mostOwnStatements = 1_000;

/** Well below the 65,534 of the protocol. */
export const mostOwnParams = 50_000;

/** How many settings a transaction uses for kept values. Their names stay in the session. */
const mostSettings = 256;

/** How many rows a kept list has at most: each row makes all of it again, and each child reads all of it. */
const mostListed = 200;

/** A value that a parent's RETURNING keeps in the server, for references of the same flight. */
export interface KeptValue {
  /** Its name in the server, unique in the transaction. */
  readonly setting: string;
  /** The parent's column, by index. */
  readonly column: number;
  readonly isInteger: boolean;
}

export interface OwnPlan {
  /** In the order of the calls. */
  readonly entries: readonly Entry[];
  /** The entries that follow: the first of them has a reference that only an answer of this flight can resolve. */
  readonly later: readonly Entry[];
  readonly kept: ReadonlyMap<Entry, ReadonlyMap<number, KeptValue>>;
  /** Columns, by index, that RETURNING names although no caller asked for them. */
  readonly returned: ReadonlyMap<Entry, readonly number[]>;
  /** Entries whose values the driver writes by types that only the server knows, so that their statements are described. */
  readonly described: ReadonlySet<Entry>;
}

export interface OwnPlanInput {
  readonly values: ValueEncoder;
  /** Settings that the transaction has used already. */
  readonly settings: number;
  /** Whether RETURNING may name columns of a table that no caller asked for: it needs SELECT. */
  readonly mayAsk: (shape: TableShape) => boolean;
  /** Whether a later insert of the transaction may name the entry's rows. */
  readonly mayBeNamed: (entry: Entry) => boolean;
  readonly copyRows: number;
  readonly maxRows: number;
  /** The size does not decide, for example since no table can share anything. */
  readonly isSizeFree: boolean;
  /** Each entry must go by its own statement, so that the one that fails is known, even if its statement must be described. */
  readonly isSeeking: boolean;
  /** The values of an entry at most. */
  readonly mostParams: number;
}

/** @returns `undefined` if the flush must be planned with facts: it is large, or a value or a reference needs them */
export function planOwn(entries: readonly Entry[], input: OwnPlanInput): OwnPlan | undefined {
  if (!(input.isSizeFree || isSmall(entries, input))) return undefined;
  const { kept, count } = keptValues(entries, input);
  const described = count === 0 ? undefined : describedEntries(entries, input);
  if (!described) return undefined;
  const now = count === entries.length ? entries : entries.slice(0, count);
  const returned = new Map<Entry, readonly number[]>();
  for (const entry of now) {
    const columns = unaskedColumns(entry, input.mayBeNamed(entry));
    const isAsking = columns.length > 0 || kept.has(entry);
    if (isAsking && !input.mayAsk(entry.shape)) return undefined;
    if (columns.length > 0) returned.set(entry, columns);
  }
  return { entries: now, later: entries.slice(count), kept, returned, described };
}

function isSmall(entries: readonly Entry[], options: Pick<OwnPlanInput, 'copyRows' | 'maxRows'>): boolean {
  if (entries.length > mostOwnStatements) return false;
  const rows = new Map<PgTable, number>();
  const mostRows = Math.min(mostOwnRows, options.maxRows);
  const hasFewRows = entries.every(({ shape, count }) => {
    const ofTable = (rows.get(shape.table) ?? 0) + count;
    rows.set(shape.table, ofTable);
    return count <= mostRows && ofTable < options.copyRows;
  });
  return hasFewRows && isTooFew(entries, options);
}

/** @returns how many entries come before the first with a reference that must be resolved by an answer */
function keptValues(
  entries: readonly Entry[],
  input: OwnPlanInput,
): { readonly kept: OwnPlan['kept']; readonly count: number } {
  const kept = new Map<Entry, Map<number, KeptValue>>();
  let settings = input.settings;
  let places: Map<Entry, number> | undefined;
  for (const [place, entry] of entries.entries()) {
    for (const reference of entry.references) {
      const { origin } = reference;
      if (origin.entry.outcome?.error) return { kept, count: 0 };
      if (origin.value() !== undefined) continue;
      places ??= new Map(entries.map((other, index) => [other, index]));
      const parentPlace = places.get(origin.entry);
      // A parent in another queue, or behind its child, must be written first.
      if (parentPlace === undefined || parentPlace >= place) return { kept, count: 0 };
      const isInteger = isKeptAsInteger(origin.entry.shape, origin.column);
      // Which row of several a conflict clause has skipped is not known, and only integers make a list.
      const isList = origin.entry.count > 1;
      const isFitting = isInteger && !origin.entry.conflict && origin.entry.count <= mostListed;
      if ((isList && !isFitting) || isForCustom(entry, reference)) return { kept, count: place };
      const ofParent = kept.get(origin.entry) ?? new Map<number, KeptValue>();
      kept.set(origin.entry, ofParent);
      if (ofParent.has(origin.column)) continue;
      if (settings >= mostSettings) return { kept, count: place };
      ofParent.set(origin.column, {
        setting: `batched_drizzle.r${settings++}`,
        column: origin.column,
        isInteger,
      });
    }
  }
  return { kept, count: entries.length };
}

/** A type of the program's own may be a domain over JSON, which reads another text than an expression can be made of. */
function isForCustom({ shape: { columns }, cells }: Entry, reference: Reference): boolean {
  const isCustom = (index: number) => columns[index]?.column.columnType === 'PgCustomColumn';
  // To look for the cell would take long in an insert of many rows.
  if (!columns.some((_, index) => isCustom(index))) return false;
  return isCustom(cells.indexOf(reference) % columns.length);
}

/**
 * @returns `undefined` if facts are needed. Values that need only the type of their column are better written by the facts,
 *   which are learned once. A description costs a round trip each time, and is the only way for an expression.
 */
function describedEntries(entries: readonly Entry[], input: OwnPlanInput): Set<Entry> | undefined {
  const described = new Set<Entry>();
  let needsDescription = false;
  for (const entry of entries) {
    const needs = typesNeeded(entry, input);
    if (needs === 'facts') return undefined;
    if (needs !== 'none') described.add(entry);
    needsDescription ||= needs === 'ofParameters';
  }
  return described.size === 0 || needsDescription || input.isSeeking ? described : undefined;
}

/**
 * Which types must be known before the entry can be sent. `facts` if it can't be one statement, or an expression needs a
 * value that only facts give.
 */
function typesNeeded(
  entry: Entry,
  { values, mostParams }: OwnPlanInput,
): 'none' | 'ofColumns' | 'ofParameters' | 'facts' {
  const { shape, cells, conflict, returning } = entry;
  const { columns } = shape;
  const width = columns.length;
  if (width === 0 || cells.length > mostParams) return 'facts';
  const expressions: [Rendered, sqlType?: string | undefined][] = conflict ? [[conflict]] : [];
  if (returning && !onlyColumns(returning)) expressions.push([renderSelection(shape, returning)]);
  let needed: 'none' | 'ofColumns' = 'none';
  for (let place = 0; place < cells.length; place++) {
    const cell = cells[place];
    if (cell === undefined || cell === null) continue;
    const sqlType = columns[place % width]?.sqlType;
    if (cell instanceof Expression) {
      if (cell.rendered.params.length > 0) expressions.push([cell.rendered, sqlType]);
      continue;
    }
    const value = cell instanceof Reference ? cell.value() : cell;
    if (value === undefined || value === null) continue;
    if (cell instanceof Reference && isTextOfServer(cell.origin, value)) continue;
    if (!isUntyped(value, sqlType, values)) needed = 'ofColumns';
  }
  if (!expressions.every(([{ params }]) => params.every(isResolvable))) return 'facts';
  const isDescribed = expressions.some(([expression, sqlType]) =>
    needsServerTypes(expression, shape, sqlType, values),
  );
  return isDescribed ? 'ofParameters' : needed;
}

/** A reference inside an expression stands before drizzle's own cast, which only keys have. */
function isResolvable(param: unknown): boolean {
  if (!(param instanceof DeferredValue) || param.reference.value() !== undefined) return true;
  const { entry, column } = param.reference.origin;
  return entry.shape.columns[column]?.isKeyed === true;
}
