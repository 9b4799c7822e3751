/** Rows as INSERTs, if COPY can't write them. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import type { Statement } from '../driver/statement.ts';
import { arrayLiteral } from '../driver/text.ts';
import type { ValueEncoder } from '../driver/values.ts';
import type { Rendered } from '../drizzle/render.ts';
import { columnAt, type TableShape } from '../drizzle/table.ts';
import { columnFacts, type TableFacts } from '../facts/table-facts.ts';
import { castArray, unnestArrays } from '../write/cast-array.ts';
import type { TextCell } from '../write/copy-text.ts';
import { insertHead, quotedName } from '../write/insert-head.ts';
import { Params } from '../write/params.ts';
import type { Run, RunPart } from './load-chunk.ts';

export interface InsertContext {
  readonly dialect: PgDialect;
  readonly encoder: ValueEncoder;
  readonly shape: TableShape;
  readonly facts: TableFacts | undefined;
  /** The text behind `on conflict`. */
  readonly conflict: Rendered | undefined;
  /** The column whose value is returned, by index. */
  readonly returning: number | undefined;
}

/** Well below the 65,534 of the protocol. */
const mostParamsOfValues = 30_000;

/**
 * One statement if `unnest` can take the rows, else several of VALUES: for DEFAULT in some of the rows, for a type that the
 * role may not name, and for a missing table.
 */
export function insertStatements(part: RunPart, context: InsertContext): Statement[] {
  const { run, from, to } = part;
  if (canUnnest(run, context)) return [unnestPart(part, context)];
  const rows = Math.max(1, Math.floor(mostParamsOfValues / run.columns.length));
  const pieces: Statement[] = [];
  for (let first = from; first < to; first += rows) {
    pieces.push(valuesOf({ run, from: first, to: Math.min(first + rows, to) }, context));
  }
  return pieces;
}

/** Each row as a statement of its own. */
export function singleInserts({ run, from, to }: RunPart, context: InsertContext): Statement[] {
  return Array.from({ length: to - from }, (_, offset) =>
    valuesOf({ run, from: from + offset, to: from + offset + 1 }, context),
  );
}

function canUnnest({ columns, hasDefaults }: Run, { facts, shape }: InsertContext): boolean {
  return !hasDefaults && columns.every((column) => columnFacts(facts, shape, column)?.castable);
}

/** @example insert into "users" ("name", "mood") select u.c0, u.c1::public.mood from unnest($1::varchar[], $2::text[]) as u(c0, c1) */
function unnestPart({ run, from, to }: RunPart, context: InsertContext): Statement {
  const params = new Params(context.encoder, context.shape);
  const names = run.columns.map((_, position) => `c${position}`);
  const casts = run.columns.map((column, position) => {
    const { name } = columnAt(context.shape, column);
    const facts = context.facts?.columns.get(name);
    if (!facts) throw new Error(`no facts of ${context.shape.name}.${name}`);
    const elements = Array.from({ length: to - from }, (_, row) => valueAt(run, from + row, position));
    return castArray(params.add(arrayLiteral(elements)), facts, run.casts?.[column]);
  });
  const selected = casts.map(({ elementCast }, position) => `u.${names[position]}${elementCast}`);
  const arrays = casts.map(({ array }) => array);
  const source = `select ${selected.join(', ')} from ${unnestArrays(arrays)} as u(${names.join(', ')})`;
  return statement(`${head(run, context)} ${source}${tail(context, params)}`, params);
}

function valuesOf({ run, from, to }: RunPart, context: InsertContext): Statement {
  const params = new Params(context.encoder, context.shape);
  const rows: string[] = [];
  for (let row = from; row < to; row++) {
    const cells = run.columns.map((column, position) => {
      const text = cellAt(run, row, position);
      if (text === undefined) return 'default';
      const cast = run.casts?.[column];
      return params.add(text) + (cast ? `::pg_catalog.${cast}` : '');
    });
    rows.push(`(${cells.join(', ')})`);
  }
  return statement(`${head(run, context)} values ${rows.join(', ')}${tail(context, params)}`, params);
}

function cellAt({ columns, cells }: Run, row: number, position: number): TextCell {
  return cells[row * columns.length + position];
}

/** @throws {Error} if the row has no value, for which an array has no DEFAULT */
function valueAt(run: Run, row: number, position: number): string | null {
  const text = cellAt(run, row, position);
  if (text === undefined)
    throw new Error(`row ${run.index + row} has no value for column ${position} of its run`);
  return text;
}

/** GENERATED ALWAYS takes a key from the sequence only with OVERRIDING. A row's own value was refused before. */
function head({ columns }: Run, { dialect, shape, facts }: InsertContext): string {
  const isOverriding = columns.some((column) => columnFacts(facts, shape, column)?.always);
  return insertHead(dialect, shape, columns, isOverriding);
}

function tail({ conflict, returning, dialect, shape }: InsertContext, params: Params): string {
  return (
    (conflict ? ` on conflict ${params.embed(conflict)}` : '') +
    (returning === undefined ? '' : ` returning ${quotedName(dialect, shape, returning)}::pg_catalog.text`)
  );
}

function statement(text: string, { values }: Params): Statement {
  return { text, params: values, answer: 'raw', guarded: false };
}
