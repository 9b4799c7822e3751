import { BatchedDrizzleError, codeOf } from '../errors.ts';

/** Codes of the driver for a statement that it did not let out. */
const unsent = new Set(['MAX_PARAMETERS_EXCEEDED', 'UNDEFINED_VALUE']);

/** Codes of the driver and the system for a connection that was never opened, or not for this query. */
export const unopened = new Set([
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
