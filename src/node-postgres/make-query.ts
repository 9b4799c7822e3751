/** A statement of this library's → a piece of a flight, and the promise of its answer. */
import { type Answer, isRaw, type Statement } from '../driver/statement.ts';
import { Unreadable } from '../driver/unreadable.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { noteKind } from './errors.ts';
import type { Pool, QueryClass, Result, Types } from './internals.ts';
import { type Messages, messagesOf } from './messages.ts';
import type { CopyData, Piece, Role } from './piece.ts';
import { answerOf } from './results.ts';

/** How a client makes queries and reads cells. */
export interface Dialect {
  readonly Query: QueryClass;
  /** drizzle's own parsers. */
  readonly types: Types;
}

export interface MadeQuery {
  /** `undefined` if a value can't be written: the answer has rejected then. */
  readonly piece: Piece | undefined;
  readonly answer: Promise<Answer>;
}

export interface MakeOptions {
  readonly role?: Role;
  readonly isFenced?: boolean;
  readonly data?: CopyData;
  readonly written?: () => void;
  /** Is called before the answer settles. */
  readonly settled?: (error: Error | null) => void;
}

/** Whose a statement is: if a BEGIN is refused, nothing else of its transaction is sent. */
export interface Owner {
  /** A statement was refused. Is called before its answer settles. */
  refused(error: Error): void;
}

const nothing: MakeOptions = {};

export function makeQuery(
  { Query, types }: Dialect,
  { text, params, answer: kind, mayRepeat }: Pick<Statement, 'text' | 'params' | 'answer' | 'mayRepeat'>,
  { role = 'statement', isFenced, data, written, settled }: MakeOptions = nothing,
  owner?: Owner,
): MadeQuery {
  let isSettled = false;
  let settle!: (error: Error | null, result?: Result) => void;
  const answer = new Promise<Answer>((resolve, reject) => {
    settle = (error, result) => {
      if (isSettled) return;
      isSettled = true;
      if (error) owner?.refused(error);
      settled?.(error);
      if (error) reject(error);
      else resolve(answerOf(result as Result));
    };
  });
  // Whoever sends several statements looks at their answers later.
  answer.catch(() => {});
  const isDescribed = params.some(isRaw);
  const values = isDescribed ? params.map((param) => (isRaw(param) ? param.value : param)) : params;
  const query = new Query(
    { text, values, rowMode: 'array', types: typesFor(kind, types) },
    undefined,
    settle,
  );
  const messages = isDescribed ? prepared(query, settle) : { parse: { text }, bind: { values } };
  const piece: Piece | undefined = messages && {
    role,
    query,
    messages: () => messages,
    isFenced,
    mayRepeat,
    data,
    written,
    owner,
  };
  return { answer, piece };
}

/** As plain drizzle sends a statement on the database. */
export async function sendByQuery(
  client: Pick<Pool, 'query'>,
  { types }: Dialect,
  statement: Statement,
): Promise<Answer> {
  const { text, params, answer } = statement;
  const values = params.map((param) => (isRaw(param) ? param.value : param));
  return answerOf(await client.query({ text, rowMode: 'array', types: typesFor(answer, types) }, values));
}

function prepared(query: InstanceType<QueryClass>, settle: (error: Error) => void): Messages | undefined {
  const { callback } = query;
  query.callback = (error) => error && settle(noteKind(error, 'unsent'));
  const messages = messagesOf(query);
  query.callback = callback;
  return messages;
}

const asTexts: Types = { getTypeParser: () => (text) => text };

function typesFor(kind: Statement['answer'], types: Types): Types {
  if (kind === 'raw') return asTexts;
  return kind === 'values' ? types : getOrInsert(careful, types, () => carefully(types));
}

const careful = new WeakMap<Types, Types>();

/** Its parsers do not throw: a cell that can't be read takes nothing with it. */
function carefully(types: Types): Types {
  return {
    getTypeParser(oid, format) {
      const parse = types.getTypeParser(oid, format);
      return (text) => {
        try {
          return parse(text);
        } catch (error) {
          return new Unreadable(error);
        }
      };
    },
  };
}
