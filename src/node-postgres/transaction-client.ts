/** The client object that drizzle's session uses in a transaction. */
import type { StatementListener } from '../driver/driver.ts';
import { asError, codeOf } from '../errors.ts';
import { isAnswered, noteKind } from './errors.ts';
import type { Client, QueryClass, QueryConfig, Result } from './internals.ts';
import type { Owner } from './make-query.ts';
import { messagesOf } from './messages.ts';
import type { Alone, Piece } from './piece.ts';

/** What the client needs of its connection. */
export interface Sending {
  readonly client: Client;
  readonly Query: QueryClass;
  readonly owner: Owner;
  /** Why nothing can be sent any more. */
  ended(): Error | undefined;
  push(piece: Piece | Alone): void;
}

/** The rest of its members are the client's. */
export function transactionClient(sending: Sending, listener: StatementListener): unknown {
  const query = (config: QueryConfig | string | Submittable, values?: readonly unknown[]): unknown => {
    if (isSubmittable(config)) return submit(sending, config, listener);
    const given = typeof config === 'string' ? { text: config } : config;
    return send(sending, given, values ?? given.values ?? [], listener);
  };
  return withOwn(sending.client, { query });
}

/**
 * The client with some members of its own. Not by `Object.create`: V8 keeps whatever is a prototype in a form that makes each
 * change of it dear, and pg changes its client with every query.
 */
function withOwn(client: Client, own: Record<PropertyKey, unknown>): unknown {
  return new Proxy(client, {
    get: (_, key) => (Object.hasOwn(own, key) ? own[key] : Reflect.get(client, key)),
    set(_, key, value) {
      own[key] = value;
      return true;
    },
  });
}

interface Submittable {
  submit(connection: unknown): unknown;
}

function isSubmittable(config: object | string): config is Submittable {
  return typeof config === 'object' && 'submit' in config;
}

/** A cursor, a stream or the like, which pg sends as it is. */
function submit(sending: Sending, config: Submittable, { sent }: StatementListener): unknown {
  const { client, owner } = sending;
  const ended = sending.ended();
  if (ended) throw ended;
  const send = async () => {
    client.query(config);
    return false;
  };
  sending.push({ role: 'alone', owner, send, refuse: () => {} });
  sent();
  return config;
}

async function send(
  sending: Sending,
  config: QueryConfig,
  values: readonly unknown[],
  { sent, failed }: StatementListener,
): Promise<Result> {
  const ended = sending.ended();
  try {
    return await new Promise<Result>((resolve, reject) => {
      const piece = ended ? reject(ended) : pieceOf(sending, config, values, { resolve, reject });
      if (piece) sending.push(piece);
      sent();
    });
  } catch (thrown) {
    const error = asError(thrown);
    // What pg itself refuses, and what a parser throws, leaves the transaction as it was. So does what is executed behind COMMIT.
    const isLost = error === ended && codeOf(error) !== 'TRANSACTION_ENDED';
    if (isLost || isAnswered(error)) failed(error);
    // The error was made where the answer was read. Like pg, show where the statement was executed.
    Error.captureStackTrace(error);
    throw error;
  }
}

interface Settling {
  resolve(result: Result): void;
  reject(error: Error): void;
}

function pieceOf(
  sending: Sending,
  config: QueryConfig,
  values: readonly unknown[],
  settling: Settling,
): Piece | Alone {
  if (mustBeAlone(config, values)) return aloneOf(sending, config, values, settling);
  const { client, Query, owner } = sending;
  const query = new Query(config, values, (error, result) => {
    if (error) owner.refused(error);
    if (error) settling.reject(error);
    else settling.resolve(result as Result);
  });
  if (client.binary) query.binary = true;
  return { role: 'statement', owner, query, messages: () => messagesOf(query) };
}

function aloneOf(
  { client, owner }: Sending,
  config: QueryConfig,
  values: readonly unknown[],
  { resolve, reject }: Settling,
): Alone {
  return {
    role: 'alone',
    owner,
    refuse: reject,
    async send() {
      try {
        resolve((await client.query(config, values)) as Result);
        return false;
      } catch (error) {
        const reason = asError(error);
        const isOfServer = isAnswered(reason);
        owner.refused(reason);
        reject(isOfServer ? reason : noteKind(reason, 'other'));
        return isOfServer;
      }
    },
  };
}

/** Statements that end or begin a transaction, or take the connection over; and those that begin with a comment, which may hide one. */
const byItself = /^\s*(begin|start|commit|end|rollback(?!\s+to\b)|abort|prepare|copy|--|\/\*)/i;

/**
 * Text without parameters may hold several statements, which pg sends in the simple protocol. A name is known to the
 * connection only when its statement has been parsed.
 */
function mustBeAlone({ text, name }: QueryConfig, values: readonly unknown[]): boolean {
  if (name !== undefined) return true;
  return values.length === 0 && (byItself.test(text) || /;\s*\S/.test(text) || text.trim() === '');
}
