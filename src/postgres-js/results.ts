/** Results of postgres.js, made of an answer that several callers share. */
import type { Answer } from '../driver/statement.ts';

/** An answer without rows, of the driver's own class, as a statement without RETURNING gives it. */
export function emptyAnswer(answer: Answer, count: number): Answer {
  const Result = answer.constructor as new () => Answer;
  const { state, statement } = answer as Answer & Record<string, unknown>;
  const columns: unknown[] = [];
  return Object.assign(new Result(), {
    count,
    // What a statement with a CTE answers is SELECT.
    command: 'INSERT',
    state,
    columns,
    statement: { ...(statement as object), columns },
  });
}

/** Rows as objects, as the driver gives them to `db.execute()`. */
export function objectRows(answer: Answer, names: readonly string[], rows: readonly unknown[][]): Answer {
  const result = emptyAnswer(answer, rows.length);
  const known = columnsOf(answer);
  const columns = names.map((name) => known.find((column) => column.name === name) ?? { name });
  for (const row of rows)
    result.push(Object.fromEntries(names.map((name, index) => [name, row[index]])) as never);
  return Object.assign(result, { columns });
}

/** The names of the answer's columns at these places. */
export function columnNames(answer: Answer, places: readonly number[]): string[] {
  const columns = columnsOf(answer);
  return places.map((place) => columns[place]?.name ?? '');
}

function columnsOf(answer: Answer): readonly { readonly name: string }[] {
  return (answer as Answer & { columns?: { name: string }[] | null }).columns ?? [];
}
