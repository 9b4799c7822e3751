/** The bytes of a statement, and the messages of its answer. */
import { type messages, protocol } from '@electric-sql/pglite';
import { type Answer, isRaw, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { type AnswerField, makeAnswer } from './answer.ts';
import { type Parsers, readCell } from './parsers.ts';

const { serialize } = protocol;

export const sync: Uint8Array = serialize.sync();

/** Closes a statement that nobody uses any more. It has an answer besides ReadyForQuery, also in a failed transaction. */
export const question: Uint8Array = Buffer.concat([serialize.close({ type: 'S' }), sync]);

type Texts = readonly (string | null)[];

/** With a Sync of its own each statement fares as if it had been sent alone: nothing behind a failed one is skipped. */
export function bytesOf(text: string, texts: Texts): Uint8Array {
  return Buffer.concat([serialize.parse({ text }), bind(texts), sync]);
}

/** Asks for the types of the parameters. The statement may be bound behind it, and Sync must follow. */
export function describe(text: string): Uint8Array {
  return Buffer.concat([serialize.parse({ text }), serialize.describe({ type: 'S' })]);
}

/** Binds and executes the statement that was described last. */
export function bound(texts: Texts): Uint8Array {
  return Buffer.concat([bind(texts), sync]);
}

/** The data follow at once: the server takes them from the same bytes, and skips them if it refuses the statement. */
export function copyBytes(text: string, blocks: readonly Uint8Array[]): Uint8Array {
  const data = blocks.flatMap((block) => {
    const head = Buffer.alloc(5, 'd');
    head.writeInt32BE(block.byteLength + 4, 1);
    return [head, block];
  });
  return Buffer.concat([...copyHead(text), ...data, serialize.copyDone(), sync]);
}

/** A COPY that the server refuses, so that its transaction can't commit. */
export function failedCopy(text: string): Uint8Array {
  return Buffer.concat([...copyHead(text), serialize.copyFail('the rows could not be made'), sync]);
}

function copyHead(text: string): Uint8Array[] {
  return [serialize.parse({ text }), serialize.bind({ values: [] }), serialize.execute({})];
}

function bind(texts: Texts): Uint8Array {
  const values = [...texts];
  return Buffer.concat([
    serialize.bind({ values }),
    serialize.describe({ type: 'P' }),
    serialize.execute({}),
  ]);
}

/** The texts of parameters that need no type. */
export function textsOf({ params }: Pick<Statement, 'params'>): (string | null)[] {
  return params.filter((param) => !isRaw(param)) as (string | null)[];
}

type Message = messages.BackendMessage;

/**
 * The messages of each statement, up to its ReadyForQuery. Some versions of PGlite send a second one behind an error, which is
 * nobody's.
 */
export function splitReplies(given: readonly Message[]): Message[][] {
  const replies: Message[][] = [];
  let reply: Message[] = [];
  for (const message of given) {
    const isReady = message.name === 'readyForQuery';
    if (isReady && reply.length === 0) continue;
    if (reply.push(message) === 1) replies.push(reply);
    if (isReady) reply = [];
  }
  return replies;
}

/** `I` outside a transaction, `T` in one, `E` in a failed one. */
export function statusOf(reply: readonly Message[]): string | undefined {
  const ready = reply.findLast(({ name }) => name === 'readyForQuery');
  return ready && (ready as messages.ReadyForQueryMessage).status;
}

export function parameterTypes(reply: readonly Message[]): number[] {
  const described = reply.find(({ name }) => name === 'parameterDescription');
  return described ? (described as messages.ParameterDescriptionMessage).dataTypeIDs : [];
}

/** The server's error, if it refused the statement. */
export function errorOf(reply: readonly Message[]): Error | undefined {
  const error = reply.find(({ name }) => name === 'error');
  return error && asError(error);
}

/** @throws what a parser throws, if the statement does not ask for `Unreadable` cells */
export function readReply(reply: readonly Message[], parsers: Parsers, kind: Statement['answer']): Answer {
  let fields: AnswerField[] = [];
  let tag: string | undefined;
  const rows: unknown[][] = [];
  for (const message of reply) {
    if (message.name === 'rowDescription')
      fields = (message as messages.RowDescriptionMessage).fields.map(({ name, dataTypeID }) => ({
        name,
        dataTypeID,
      }));
    else if (message.name === 'dataRow')
      rows.push(
        (message as messages.DataRowMessage).fields.map((cell, place) =>
          readCell(cell, fields[place]?.dataTypeID ?? 0, parsers, kind),
        ),
      );
    else if (message.name === 'commandComplete') tag = (message as messages.CommandCompleteMessage).text;
  }
  return makeAnswer(rows, tag, fields);
}
