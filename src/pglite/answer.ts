import type { Answer } from '../driver/statement.ts';

export interface AnswerField {
  readonly name: string;
  readonly dataTypeID: number;
}

/** An answer as the passes read it, with the columns that PGlite's results name. */
export interface PgliteAnswer extends Answer {
  readonly fields: readonly AnswerField[];
}

/** @param tag PostgreSQL's command tag: `INSERT 0 3`, or a word without a count */
export function makeAnswer(
  rows: unknown[][],
  tag: string | undefined,
  fields: readonly AnswerField[],
): PgliteAnswer {
  const [command = '', ...words] = (tag ?? '').split(' ');
  const count = Number.parseInt(words.at(-1) ?? '', 10);
  return Object.assign(rows, { command, count: Number.isNaN(count) ? null : count, fields });
}
