/** pg's results, made from an answer that several callers share. */
import type { ResultMaker } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';
import type { Field, Result } from './internals.ts';

/** An answer keeps the result that it was read from: the results of callers are of its class. */
export interface ReadAnswer extends Answer {
  readonly result: Result;
}

export function answerOf(result: Result): ReadAnswer {
  const { rowCount, command } = result;
  // The rows are an array of this answer alone.
  return Object.assign(result.rows as unknown[][], { count: rowCount, command: command ?? '', result });
}

export const nodePostgresResults: ResultMaker = { empty, objects, columnNames };

/** Like that of a statement without RETURNING. */
function empty(answer: Answer, count: number): Answer {
  const { result } = answer as ReadAnswer;
  const Made = result.constructor as new (rowMode: undefined, types: unknown) => Result;
  const made = new Made(undefined, (result as { _types?: unknown })._types);
  // The command tag of a statement with a CTE is SELECT.
  return Object.assign(made, { command: 'INSERT', rowCount: count, oid: 0 }) as unknown as Answer;
}

function objects(answer: Answer, names: readonly string[], rows: readonly unknown[][], type = 0): Answer {
  const made = empty(answer, rows.length) as unknown as Result;
  const known = fieldsOf(answer);
  const fields = names.map((name) => known.find((field) => field.name === name) ?? fieldOf(name, type));
  (made as unknown as { addFields(fields: readonly Field[]): void }).addFields(fields);
  for (const row of rows) made.rows.push(Object.fromEntries(names.map((name, index) => [name, row[index]])));
  return made as unknown as Answer;
}

/** A field that the server has not described, since the client knew its values. */
function fieldOf(name: string, dataTypeID: number): Field {
  const unknown = { tableID: 0, columnID: 0, dataTypeSize: -1, dataTypeModifier: -1 };
  return { name, dataTypeID, ...unknown, format: 'text' } as Field;
}

function columnNames(answer: Answer, places: readonly number[]): string[] {
  const fields = fieldsOf(answer);
  return places.map((place) => {
    const field = fields[place];
    if (!field) throw new Error(`no column ${place} in the answer, which has ${fields.length}`);
    return field.name;
  });
}

function fieldsOf(answer: Answer): readonly Field[] {
  return (answer as ReadAnswer).result.fields;
}
