/** `INSERT … VALUES`, for a lone row, for expressions, and for rows that give nothing. */
import { Expression } from '../entry.ts';
import { settingOf } from '../keys.ts';
import { type Chunk, isKeyPlace, type PlannedCell } from '../plan.ts';
import { isRefused } from '../table-facts.ts';
import { insertGuard } from './guard.ts';
import { insertInto, insertTail, type WriteContext } from './insert.ts';

/**
 * The statement as drizzle would write it, the server inferring each parameter's type from its column. A lone
 * row that is guarded is selected instead: `insert into t (a) select $1 where …` infers just the same.
 */
export function valuesInsert(chunk: Chunk, context: WriteContext): string {
  const columns = writtenColumns(chunk);
  const rows = chunk.rows.map(({ cells }) => columns.map((column) => cellText(cells[column], context)));
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
  const columns = writtenColumns(chunk);
  return (
    chunk.rows.length === 1 &&
    columns.length > 0 &&
    columns.every((column) => chunk.rows[0]?.cells[column] !== undefined)
  );
}

/** Columns that some row gives, or that the server has something against; a row that leaves one out says DEFAULT. */
function writtenColumns({ shape, facts, rows }: Chunk): number[] {
  return [...shape.columns.keys()].filter(
    (column) => rows.some(({ cells }) => cells[column] !== undefined) || isRefused(facts, shape, column),
  );
}

/** Rows of defaults alone, said as drizzle says them: OVERRIDING takes no DEFAULT VALUES. */
function defaultRows({ rows, shape }: Chunk): string {
  if (shape.columns.length === 0) return 'default values';
  const all = `(${shape.columns.map(() => 'default').join(', ')})`;
  return `values ${rows.map(() => all).join(', ')}`;
}

function cellText(cell: PlannedCell, { params, keys }: WriteContext): string {
  if (cell === undefined) return 'default';
  if (cell instanceof Expression) return params.embed(cell.rendered);
  if (!isKeyPlace(cell)) return params.add(cell);
  const { list, position } = cell;
  const key = keys.get(list)?.[position - 1];
  if (key !== undefined) return params.add(key);
  // Cheaper than to parse a list that may hold the keys of thousands of such statements.
  return `split_part(current_setting('${settingOf(list)}'), ',', ${position})::${list.facts.cast}`;
}
