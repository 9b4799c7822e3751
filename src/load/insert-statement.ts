/** Rows as INSERTs, where COPY can't say what they need. */
import type { PgDialect } from 'drizzle-orm/pg-core';
import type { Statement } from '../driver/statement.ts';
import { arrayLiteral } from '../driver/text.ts';
import type { ValueEncoder } from '../driver/values.ts';
import type { Rendered } from '../drizzle/render.ts';
import { columnAt, type TableShape } from '../drizzle/table.ts';
import { type ColumnFacts, columnFacts, type TableFacts } from '../facts/table-facts.ts';
import type { TextCell } from '../write/copy-text.ts';
import { Params } from '../write/params.ts';
import type { Run } from './chunk.ts';

export interface InsertContext {
  readonly dialect: PgDialect;
  readonly encoder: ValueEncoder;
  readonly shape: TableShape;
  readonly facts: TableFacts | undefined;
  /** What stands behind `on conflict`. */
  readonly conflict: Rendered | undefined;
  /** The column whose value is returned, by index. */
  readonly returning: number | undefined;
}

/** Well under what the protocol can count. */
const mostParams = 30_000;

/**
 * One statement where `unnest` can say it, else several of VALUES: for DEFAULT in some of the rows, for a type that the role may
 * not name, for a table that is not there.
 */
export function insertStatements(run: Run, from: number, to: number, context: InsertContext): Statement[] {
  if (canUnnest(run, context)) return [unnestRows(run, from, to, context)];
  const rows = Math.max(1, Math.floor(mostParams / run.columns.length));
  const pieces: Statement[] = [];
  for (let first = from; first < to; first += rows) {
    pieces.push(valuesOf(run, first, Math.min(first + rows, to), context));
  }
  return pieces;
}

/** Each row as a statement of its own. */
export function singleInserts(run: Run, from: number, to: number, context: InsertContext): Statement[] {
  return Array.from({ length: to - from }, (_, offset) =>
    valuesOf(run, from + offset, from + offset + 1, context),
  );
}

function canUnnest({ columns, hasDefaults }: Run, { facts, shape }: InsertContext): boolean {
  return !hasDefaults && columns.every((column) => columnFacts(facts, shape, column)?.castable);
}

/** @example insert into "users" ("name", "mood") select u.c0, u.c1::public.mood from unnest($1::varchar[], $2::text[]) as u(c0, c1) */
function unnestRows(run: Run, from: number, to: number, context: InsertContext): Statement {
  const params = new Params(context.encoder);
  const arrays: string[] = [];
  const selected: string[] = [];
  const names = run.columns.map((_, position) => `c${position}`);
  for (const [position, column] of run.columns.entries()) {
    const facts = columnFacts(context.facts, context.shape, column) as ColumnFacts;
    const elements = Array.from({ length: to - from }, (_, row) => cellAt(run, from + row, position) ?? null);
    const array = params.add(arrayLiteral(elements));
    const cast = run.casts?.[column];
    // `unnest` flattens arrays of arrays, and a user's type may be made anew while connections live.
    const type = cast ?? (facts.arrayable ? facts.cast : 'text');
    arrays.push(`${array}::${type}[]`);
    selected.push(`u.c${position}${cast || facts.arrayable ? '' : `::${facts.cast}`}`);
  }
  const source = `select ${selected.join(', ')} from unnest(${arrays.join(', ')}) as u(${names.join(', ')})`;
  return statement(`${head(run, context)} ${source}${tail(context, params)}`, params);
}

function valuesOf(run: Run, from: number, to: number, context: InsertContext): Statement {
  const params = new Params(context.encoder);
  const rows: string[] = [];
  for (let row = from; row < to; row++) {
    const cells = run.columns.map((column, position) => {
      const text = cellAt(run, row, position);
      if (text === undefined) return 'default';
      const cast = run.casts?.[column];
      return params.add(text) + (cast ? `::${cast}` : '');
    });
    rows.push(`(${cells.join(', ')})`);
  }
  return statement(`${head(run, context)} values ${rows.join(', ')}${tail(context, params)}`, params);
}

function cellAt({ columns, cells }: Run, row: number, position: number): TextCell {
  return cells[row * columns.length + position];
}

/** A key that was taken ahead is given to GENERATED ALWAYS as well; a row's own value never gets here. */
function head({ columns }: Run, { dialect, shape, facts }: InsertContext): string {
  const names = columns.map((column) => dialect.escapeName(columnAt(shape, column).name));
  const isOverriding = columns.some((column) => columnFacts(facts, shape, column)?.always);
  return `insert into ${shape.name} (${names.join(', ')})${isOverriding ? ' overriding system value' : ''}`;
}

function tail({ conflict, returning, dialect, shape }: InsertContext, params: Params): string {
  const name = returning === undefined ? undefined : columnAt(shape, returning).name;
  return (
    (conflict ? ` on conflict ${params.embed(conflict)}` : '') +
    (name === undefined ? '' : ` returning ${dialect.escapeName(name)}::text`)
  );
}

function statement(text: string, { values }: Params): Statement {
  return { text, params: values, answer: 'raw', guarded: false };
}
