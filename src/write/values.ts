/** `INSERT … VALUES`, for a lone row, for expressions, and for rows that give nothing. */
import { Expression } from '../drizzle/render.ts';
import { isRefused } from '../facts/table-facts.ts';
import { type Chunk, isKeyPlace, type PlannedCell } from '../plan/chunk.ts';
import { insertInto, insertTail, type WriteContext } from './clauses.ts';
import { insertGuard } from './guard.ts';
import { keptKey } from './kept-keys.ts';

/**
 * The statement as drizzle would write it, the server inferring each parameter's type from its column. A lone
 * row that is guarded is selected instead: `insert into t (a) select $1 where …` infers just the same.
 */
export function valuesInsert(chunk: Chunk, context: WriteContext): string {
  const columns = nameableInInsert(chunk);
  const rows = chunk.rows.map((_, row) =>
    columns.map((column) => cellText(chunk.cell(row, column), context)),
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

/** Whether the statement can say that it belongs to its flight: DEFAULT and several rows stand only in VALUES. */
export function canGuard(chunk: Chunk): boolean {
  const columns = nameableInInsert(chunk);
  return chunk.size === 1 && columns.length > 0 && columns.every((column) => chunk.gives(column));
}

/** Columns that some row gives, or that the server has something against; a row that leaves one out says DEFAULT. */
function nameableInInsert(chunk: Chunk): number[] {
  const { shape, facts } = chunk;
  return [...shape.columns.keys()].filter((column) => chunk.gives(column) || isRefused(facts, shape, column));
}

/** Rows of defaults alone, said as drizzle says them: OVERRIDING takes no DEFAULT VALUES. */
function defaultRows({ rows, shape }: Chunk): string {
  if (shape.columns.length === 0) return 'default values';
  const all = `(${shape.columns.map(() => 'default').join(', ')})`;
  return `values ${rows.map(() => all).join(', ')}`;
}

function cellText(cell: PlannedCell, { params }: WriteContext): string {
  if (cell === undefined) return 'default';
  if (cell instanceof Expression) return params.embed(cell.rendered);
  if (!isKeyPlace(cell)) return params.add(typeof cell === 'number' ? String(cell) : cell);
  const { list, position } = cell;
  const key = list.keys?.at(position - 1);
  return key === undefined ? keptKey(list, position) : params.add(key);
}
