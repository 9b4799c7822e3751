/** Rows in the bytes of the wire → cells as postgres.js parses them, except that one which it can't parse harms no other. */
import type { Answer } from '../driver/statement.ts';
import { Unreadable } from '../driver/unreadable.ts';
import type { ClientOptions } from './internals.ts';

interface AnswerColumn {
  readonly parser?: ((text: string) => unknown) & { readonly array?: boolean };
}

/** The answer itself, whose rows have been replaced by their cells. */
export function readCells(answer: Answer, { transform }: ClientOptions): Answer {
  const { columns } = answer as Answer & { readonly columns?: readonly AnswerColumn[] | null };
  const from = transform?.value?.from as ((value: unknown, column: AnswerColumn) => unknown) | undefined;
  for (const row of answer) {
    for (let place = 0; place < row.length; place++) {
      const column = columns?.[place] ?? {};
      try {
        const value = parse(row[place] as Buffer | null, column);
        row[place] = from ? from(value, column) : value;
      } catch (error) {
        row[place] = new Unreadable(error);
      }
    }
  }
  return answer;
}

/** Like `DataRow` of postgres.js: its parsers of arrays begin behind the first brace. */
function parse(bytes: Buffer | null, { parser }: AnswerColumn): unknown {
  if (bytes === null) return null;
  if (parser === undefined) return bytes.toString('utf8');
  return parser(parser.array === true ? bytes.toString('utf8', 1) : bytes.toString('utf8'));
}
