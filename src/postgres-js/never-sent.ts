/** Queries that postgres.js rejects without having sent them. */
import { codeOf } from '../errors.ts';

/** The driver rejected a query that it had not sent. */
export class NeverSent extends Error {
  constructor(override readonly cause: Error) {
    super('the query was never sent');
  }
}

/**
 * After a reconnect postgres.js rejects the first query with an error of the session before: the one that ended it, or the
 * last one, if the connection was cut right behind it. That query was never sent, so it is sent again. Each connection of
 * the pool has at most one such error, which bounds the attempts.
 *
 * @param connections the most that the pool has
 */
export async function untilSent<T>(connections: number, send: () => Promise<T>): Promise<T> {
  for (let left = connections; ; left--) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof NeverSent)) throw error;
      if (left === 0 || !isOfSessionBefore(error.cause)) throw error.cause;
    }
  }
}

/**
 * Whether the server or a pooler gave this error to another session: both give `severity_local`. Codes 28 and 3D, a refused
 * role or database, end the start of this one: a new session would be refused too.
 */
function isOfSessionBefore(error: Error): boolean {
  const { severity, severity_local } = error as { severity?: unknown; severity_local?: unknown };
  if (severity_local === undefined) return false;
  return !((severity ?? severity_local) === 'FATAL' && /^(28|3D)/.test(codeOf(error) ?? ''));
}
