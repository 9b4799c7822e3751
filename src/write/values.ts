/** `INSERT … VALUES`, for a single row, for expressions, and for rows of defaults alone. */
import { Expression } from '../drizzle/render.ts';
import { columnAt } from '../drizzle/table.ts';
import { isRefused } from '../facts/table-facts.ts';
import { type Chunk, isKeyPlace, type PlannedCell } from '../plan/chunk.ts';
import { isHarmless } from '../plan/harmless.ts';
import { insertInto, insertTail, type WriteContext } from './clauses.ts';
import { insertGuard } from './guard.ts';
import { keptKey } from './kept-keys.ts';

/**
 * The statement as drizzle would write it. The server infers each parameter's type from its column.
 * A single row with a guard becomes `insert into t (a) select $1 where …`, which infers the same types.
 */
export function valuesInsert(chunk: Chunk, context: WriteContext): string {
  const columns = nameableInInsert(chunk);
  const rows = chunk.rows.map((_, row) =>
    columns.map((column) =>
      cellText(chunk.cell(row, column), context, columnAt(chunk.shape, column).sqlType),
    ),
  );
  const head = insertInto(chunk, columns, context);
  if (columns.length === 0)
    return `${insertInto(chunk, [...chunk.shape.columns.keys()], context)} ${defaultRows(chunk)}${insertTail(chunk, context)}`;
  const [lone] = rows;
  if (context.token !== undefined && lone && canGuard(chunk)) {
    const guard = insertGuard({ chunk, ...context }, []);
    return `${head} select ${lone.join(', ')}${guard}${insertTail(chunk, context)}`;
  }
  return `${head} values ${rows.map((row) => `(${row.join(', ')})`).join(', ')}${insertTail(chunk, context)}`;
}

/** Whether the statement can have a guard. DEFAULT and several rows need VALUES, which has no WHERE. */
export function canGuard(chunk: Chunk): boolean {
  const columns = nameableInInsert(chunk);
  return chunk.size === 1 && columns.length > 0 && columns.every((column) => chunk.gives(column));
}

/**
 * Columns that some row gives, and columns that the server refuses: drizzle writes DEFAULT for them, so the error stays the
 * same.
 *
 * All columns, as in drizzle, beside an expression that may look around, and for several rows of a table that is not proved.
 * The server makes the defaults of columns that are not named after the rows: `lastval()` would see another value. And a rule
 * would draw another number of keys.
 */
function nameableInInsert(chunk: Chunk): number[] {
  const { shape, facts, size } = chunk;
  const columns = [...shape.columns.keys()];
  const given = columns.filter((column) => chunk.gives(column) || isRefused(facts, shape, column));
  if (given.length === 0) return given;
  const isExact = (size > 1 && !facts?.plain) || given.some((column) => mayLookAround(chunk, column));
  return isExact ? columns : given;
}

function mayLookAround(chunk: Chunk, column: number): boolean {
  return chunk.rows.some((_, row) => {
    const cell = chunk.cell(row, column);
    return cell instanceof Expression && !isHarmless(cell.rendered);
  });
}

/** Rows of defaults alone, written as drizzle does, since OVERRIDING excludes DEFAULT VALUES. */
function defaultRows({ rows, shape }: Chunk): string {
  if (shape.columns.length === 0) return 'default values';
  const all = `(${shape.columns.map(() => 'default').join(', ')})`;
  return `values ${rows.map(() => all).join(', ')}`;
}

function cellText(cell: PlannedCell, { params }: WriteContext, sqlType: string): string {
  if (cell === undefined) return 'default';
  if (cell instanceof Expression) return params.embed(cell.rendered, sqlType);
  if (!isKeyPlace(cell)) return params.add(typeof cell === 'number' ? String(cell) : cell);
  const { list, position } = cell;
  const key = list.keys?.at(position - 1);
  return key === undefined ? keptKey(list, position) : params.add(key);
}
