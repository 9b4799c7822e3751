/**
 * drizzle takes the object that `client.transaction()` gives as a client, too. It has `query()` and no protocol, and the program
 * ends its transaction.
 */
import { type Transaction, types } from '@electric-sql/pglite';
import type { Connection, Driver } from '../driver/driver.ts';
import { type Answer, isRaw, type Statement } from '../driver/statement.ts';
import type { ValueEncoder } from '../driver/values.ts';
import { asError, BatchedDrizzleError } from '../errors.ts';
import { makeAnswer } from './answer.ts';
import { answerOf, PgliteConnection, type Sending } from './connection.ts';
import { isAnswered, noteUnbound, pgliteErrors } from './errors.ts';
import { framing } from './framing.ts';
import { drizzleParsers } from './parsers.ts';
import { pgliteResults } from './results.ts';
import { pgliteValues } from './values.ts';

export class GivenTransactionDriver implements Driver {
  readonly describes = false;
  readonly writesInImmediate = false;
  readonly isDirect = true;
  readonly isShared = true;
  readonly results = pgliteResults;
  readonly errors = pgliteErrors;
  readonly framing = framing;
  /** The serialisers of the instance can't be reached. Where they matter `query()` itself writes the values. */
  readonly values: ValueEncoder = pgliteValues(() => types.serializers);
  readonly #sending: Sending;

  constructor(tx: Transaction) {
    this.#sending = { send: (statement) => query(tx, statement), copy: refuseCopy };
  }

  /** The parsers of the instance can't be reached, either. */
  parser(): undefined {
    return undefined;
  }

  run(statement: Statement): Promise<Answer> {
    return this.#sending.send(statement);
  }

  async begin(text?: string): Promise<Connection> {
    // The error of plain drizzle.
    if (text !== undefined) throw new TypeError('this.client.transaction is not a function');
    return new GivenTransaction(this.#sending);
  }

  forgetTypes(): void {}
}

/** Inserts of the database are part of the program's transaction, which nothing here begins or ends. */
class GivenTransaction extends PgliteConnection {
  readonly isJoined = true;

  async finish({ text }: Statement): Promise<Answer> {
    this.isOpen = false;
    return answerOf(text === 'rollback' ? 'ROLLBACK' : 'COMMIT');
  }

  client(): never {
    throw new Error('no statement of a caller runs in it');
  }
}

const asIs = (text: string): string => text;

/** Gives the same function for every type. */
const unchanged = new Proxy<Record<number, typeof asIs>>({}, { get: () => asIs });

const unparsed = Object.fromEntries(Object.keys(types.parsers).map((typeOid) => [typeOid, asIs]));

/** A COPY by `query()` would wait for its data for ever. */
async function refuseCopy(): Promise<never> {
  throw new BatchedDrizzleError(
    'UNSUPPORTED_CLIENT',
    'rows can not be copied by a transaction object of PGlite; use a transaction of the database',
  );
}

async function query(tx: Transaction, { text, params, answer }: Statement): Promise<Answer> {
  const isRawStatement = params.some(isRaw);
  const values = params.map((param) => (isRaw(param) ? param.value : param));
  try {
    const { rows, fields, command, rowCount, affectedRows } = await tx.query<unknown[]>(text, values, {
      rowMode: 'array',
      ...(isRawStatement ? {} : { serializers: unchanged }),
      parsers: answer === 'raw' ? unparsed : drizzleParsers,
    });
    const [word = command ?? ''] = /^\w+/.exec(text.trimStart().toUpperCase()) ?? [];
    return makeAnswer(rows, `${command ?? word} ${rowCount ?? affectedRows ?? ''}`, fields);
  } catch (thrown) {
    const error = asError(thrown);
    if (isRawStatement && !isAnswered(error)) noteUnbound(error);
    throw error;
  }
}
