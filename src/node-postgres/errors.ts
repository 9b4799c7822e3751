/** Errors of node-postgres: their kinds, and copies of them for a statement that was not sent itself. */
import type { DriverErrors, ErrorKind } from '../driver/errors.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';

export const nodePostgresErrors: DriverErrors = {
  kindOf,
  copy,
  // An error of pg's has neither the statement nor its parameters.
  withoutStatement: (error) => error,
  withStatement: (error) => error,
  withoutValues,
  tableOf: (error) => nameIn(error, 'table'),
  columnOf: (error) => nameIn(error, 'column'),
};

/** Errors of the client have no codes of their own. Where one occurs tells what it means. */
const kinds = new WeakMap<Error, ErrorKind>();

/** @returns the error */
export function noteKind(error: Error, kind: ErrorKind): Error {
  if (!isAnswered(error)) kinds.set(error, kind);
  return error;
}

/** Codes of the system for a connection that was never opened. */
const unopened = new Set([
  'EACCES',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
]);

/** Every field of the server's is there, if only as `undefined`, and the class has any name in a bundle. */
export function isAnswered(error: Error): boolean {
  return 'severity' in error && 'length' in error;
}

/**
 * The server closes the connection with this error. The word for its severity depends on the server's language, and if that is
 * another one, the code must do. The code alone does not tell: a function may raise an error with any code.
 */
export function isEndOfSession(error: Error): boolean {
  const { severity } = error as { severity?: unknown };
  if (severity === 'ERROR') return false;
  return severity === 'FATAL' || severity === 'PANIC' || /^(57P0[1-5]|25P0[345])/.test(codeOf(error) ?? '');
}

function kindOf(error: Error): ErrorKind {
  if (isAnswered(error)) return 'answer';
  const known = kinds.get(error);
  if (known) return known;
  const code = codeOf(error);
  if (code === undefined) return 'other';
  if (unopened.has(code)) return 'unopened';
  return code === 'MAX_PARAMETERS_EXCEEDED' || code === 'UNDEFINED_VALUE' ? 'unsent' : 'lost';
}

function copy(error: Error, message: string): Error {
  const { message: _, ...properties } = Object.getOwnPropertyDescriptors(error);
  const made = Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(error));
  return noteKind(Object.defineProperties(made, properties), kindOf(error));
}

/** The message, the stack, the detail and other fields may contain another caller's values. */
function withoutValues(error: Error, message: string): Error {
  const { name, length, severity, code, schema, table, constraint, column } = error as Error &
    Record<string, unknown>;
  const made = Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(error));
  return Object.assign(made, { name, length, severity, code, schema, table, constraint, column });
}

function nameIn(error: Error, field: string): string | undefined {
  const name = (error as unknown as Record<string, unknown>)[field];
  return typeof name === 'string' ? name : undefined;
}

/** The error of a statement that is sent after its transaction has ended on the connection. */
export function ended(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'TRANSACTION_ENDED',
    'the transaction has ended; nothing more can be sent in it',
  );
}

/** A statement of a transaction that has failed. */
export const inFailed = '25P02';

/**
 * What the server would say to a statement that it has skipped in a transaction of the library's own. Nobody is told: such a
 * transaction is written otherwise.
 */
export function skippedInFailed(): Error {
  const error = new Error('current transaction is aborted, commands ignored until end of transaction block');
  return Object.assign(error, { severity: 'ERROR', length: 0, code: inFailed });
}

export function unsupported(what: string): BatchedDrizzleError {
  return new BatchedDrizzleError('UNSUPPORTED_CLIENT', what);
}
