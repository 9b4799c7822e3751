/** Results of postgres.js, made from an answer that several callers share. */
import type { ResultMaker } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';

export const postgresJsResults: ResultMaker = { empty, objects, columnNames };

/** A result without rows, of the driver's own class, like that of a statement without RETURNING. */
function empty(answer: Answer, count: number): Answer {
  const Result = answer.constructor as new () => Answer;
  const { state, statement } = answer as Answer & Record<string, unknown>;
  const columns: unknown[] = [];
  return Object.assign(new Result(), {
    count,
    // The command tag of a statement with a CTE is SELECT.
    command: 'INSERT',
    state,
    columns,
    statement: { ...(statement as object), columns },
  });
}

function objects(answer: Answer, names: readonly string[], rows: readonly unknown[][]): Answer {
  const result = empty(answer, rows.length);
  const known = columnsOf(answer);
  const columns = names.map((name) => known.find((column) => column.name === name) ?? { name });
  for (const row of rows)
    result.push(Object.fromEntries(names.map((name, index) => [name, row[index]])) as never);
  return Object.assign(result, { columns });
}

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
