/** What an error says of the rows that a transaction of the library's own was to write. Pure. */
import { BatchedDrizzleError, codeOf } from './errors.ts';
import type { Refusal } from './flush.ts';

/**
 * - `refused`: nothing was written; a part of the batch may fare better.
 * - `contended`: nothing was written, for the sake of a lock or of a transaction beside; an entry alone may wait.
 * - `final`: no part of it would fare better, or its rows stand.
 * - `unknown`: the connection was lost with COMMIT on its way.
 */
export type Fate = 'refused' | 'contended' | 'final' | 'unknown';

/** Lock not available, deadlock detected, serialization failure; and what stands behind another's failure. */
const contention = new Set(['55P03', '40P01', '40001', '25P02']);

/** Connection exceptions, insufficient resources, operator intervention but for a cancelled query. */
const outOfOrder = /^(08|53|57P)/;

/** Codes of this library for which the same again would do no better. */
const hopeless = new Set(['MISMATCHED_ANSWER', 'FACTS_CHANGED', 'UNSUPPORTED_CLIENT']);

/** Codes of the driver for a statement that it did not let out. */
const unsent = new Set(['MAX_PARAMETERS_EXCEEDED', 'UNDEFINED_VALUE']);

/** Codes of the driver and the system for a connection that was never opened, or not for this query. */
const unopened = new Set([
  'AUTH_TYPE_NOT_IMPLEMENTED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'EACCES',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'SASL_SIGNATURE_MISMATCH',
]);

/** The fate of a batch that was refused. */
export function fateOf({ error, isUnknown }: Refusal): Fate {
  if (isUnknown) return 'unknown';
  const code = codeOf(error) ?? '';
  if (contention.has(code)) return 'contended';
  if (isAnswer(error)) return outOfOrder.test(code) ? 'final' : 'refused';
  return hopeless.has(code) || unopened.has(code) || isLost(error) ? 'final' : 'refused';
}

/** Whether the database itself said so. A pooler that has lost it says that in its own name, without this field. */
export function isAnswer(error: Error): boolean {
  return 'severity' in error;
}

/** Whether the connection went away before it brought an answer to what had been sent. */
export function isLost(error: Error): boolean {
  if (isAnswer(error) || error instanceof BatchedDrizzleError) return false;
  const code = codeOf(error);
  return code !== undefined && !unopened.has(code) && !unsent.has(code);
}

/** Whether a COMMIT that ended so may have committed: the server, too, may go before it answers. */
export function isCommitLost(error: Error): boolean {
  const { severity } = error as { severity?: unknown };
  const isEndOfSession = severity === 'FATAL' || severity === 'PANIC';
  // A transaction that took too long did so before it committed.
  return isLost(error) || (isEndOfSession && codeOf(error) !== '25P04');
}
