/** Results of postgres.js, made of an answer that several callers share. */
import type { ResultMaker } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';

export const postgresJsResults: ResultMaker = { empty, objects, columnNames };

/** An answer without rows, of the driver's own class, as a statement without RETURNING gives it. */
function empty(answer: Answer, count: number): Answer {
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
function objects(answer: Answer, names: readonly string[], rows: readonly unknown[][]): Answer {
  const result = empty(answer, rows.length);
  const known = columnsOf(answer);
  const columns = names.map((name) => known.find((column) => column.name === name) ?? { name });
  for (const row of rows)
    result.push(Object.fromEntries(names.map((name, index) => [name, row[index]])) as never);
  return Object.assign(result, { columns });
}

/** The names of the answer's columns at these places. */
function columnNames(answer: Answer, places: readonly number[]): string[] {
  const columns = columnsOf(answer);
  return places.map((place) => {
    const column = columns[place];
    if (!column) throw new Error(`no column ${place} in the answer, which has ${columns.length}`);
    return column.name;
  });
}

function columnsOf(answer: Answer): readonly { readonly name: string }[] {
  return (answer as Answer & { columns?: { name: string }[] | null }).columns ?? [];
}
