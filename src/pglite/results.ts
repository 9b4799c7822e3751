/** PGlite's results, made from an answer that several callers share. */
import { parse } from '@electric-sql/pglite';
import type { ResultMaker } from '../driver/driver.ts';
import type { Answer } from '../driver/statement.ts';
import type { AnswerField } from './answer.ts';

export const pgliteResults: ResultMaker = { empty, objects, columnNames };

/** PGlite itself makes it, since its versions give a result other properties. */
function empty(_: Answer, count: number): Answer {
  const complete = { name: 'commandComplete', length: 0, text: `INSERT 0 ${count}` } as const;
  const [result] = parse.parseResults([complete], {});
  return result as unknown as Answer;
}

function objects(
  answer: Answer,
  names: readonly string[],
  rows: readonly unknown[][],
  dataTypeID?: number,
): Answer {
  const known = fieldsOf(answer);
  const fields = names.map((name) => known.find((field) => field.name === name) ?? { name, dataTypeID });
  const objectOf = (row: readonly unknown[]) =>
    Object.fromEntries(names.map((name, index) => [name, row[index]]));
  return Object.assign(empty(answer, rows.length), { rows: rows.map(objectOf), fields });
}

function columnNames(answer: Answer, places: readonly number[]): string[] {
  const fields = fieldsOf(answer);
  return places.map((place) => {
    const field = fields[place];
    if (!field) throw new Error(`no column ${place} in the answer, which has ${fields.length}`);
    return field.name;
  });
}

function fieldsOf(answer: Answer): readonly AnswerField[] {
  return (answer as Answer & { fields?: readonly AnswerField[] }).fields ?? [];
}
