/** One statement by itself: pg's own query, sent by pg. */
import { isAnswered, isEndOfSession, noteKind } from './errors.ts';
import type { Landing } from './flight-input.ts';
import type { Client } from './internals.ts';
import type { Piece } from './piece.ts';

/** Whoever ends a transaction looks at the state that ReadyForQuery tells, which comes behind an error. */
export function canGoAlone({ role, data, query }: Piece, { binary }: Client): boolean {
  // Old versions of pg send a Sync only when they have the answer: one more round trip, as in plain drizzle.
  const waitsToSync = 'isPreparedStatement' in query;
  return role === 'statement' && data === undefined && !binary && !waitsToSync;
}

export function sendAlone(client: Client, { query }: Piece, landed: (landing: Landing) => void): void {
  const { callback, submit, prepare, handleReadyForQuery } = query;
  let isWritten = false;
  const submitNow: typeof submit = (connection) => {
    isWritten = true;
    return submit.call(query, connection);
  };
  /** False while values are written, and when pg reports what a parser of rows has thrown. */
  let isOfServer = true;
  const prepareNow: typeof prepare = (connection) => {
    isOfServer = false;
    prepare.call(query, connection);
    isOfServer = true;
  };
  const end: typeof handleReadyForQuery = (connection) => {
    isOfServer = false;
    handleReadyForQuery.call(query, connection);
  };
  const settle: typeof callback = (error, result) => {
    const refusal = isOfServer && error ? error : undefined;
    const loss =
      refusal && (!isAnswered(refusal) || isEndOfSession(refusal))
        ? noteKind(refusal, isWritten ? 'lost' : 'unopened')
        : undefined;
    callback?.(error, result);
    landed({ skipped: [], loss, isRefused: refusal !== undefined });
  };
  query.submit = submitNow;
  query.prepare = prepareNow;
  query.handleReadyForQuery = end;
  query.callback = settle;
  client.query(query);
}
