/** Errors of postgres.js: their kinds, and copies of them for a statement that was not sent itself. */
import type { DescribeStatement, DriverErrors, ErrorKind } from '../driver/errors.ts';
import type { Serialize } from '../driver/text.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';

export const postgresJsErrors: DriverErrors = {
  kindOf: kindOfError,
  copy: copyError,
  withoutStatement,
  withStatement,
  withoutValues,
  tableOf: (error) => nameIn(error, 'table_name'),
  columnOf: (error) => nameIn(error, 'column_name'),
};

/** Codes of statements that postgres.js refused to send. */
const unsent = new Set(['MAX_PARAMETERS_EXCEEDED', 'UNDEFINED_VALUE']);

/** Codes of postgres.js and of the system for a connection that was never opened, or not for this query. */
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

/** Errors of the client itself about a value that it was to write, of whatever class and code. */
const ofValues = new WeakSet<Error>();

/** Marks the error of a statement that was described, and then not bound: a serialiser threw, or gave no text. */
export function noteUnbound(error: Error): void {
  if (error instanceof Error && !isAnswered(error) && !isLoss(error)) ofValues.add(error);
}

/**
 * A pooler reports the loss of its server by an error without `severity`: that counts as `lost`. Errors of others, such as a
 * caller's `socket` function, may have a `severity` too, but not both fields. The class may have any name in a bundle.
 */
function isAnswered(error: Error): boolean {
  return 'severity' in error && 'severity_local' in error;
}

function kindOfError(error: Error): ErrorKind {
  if (isAnswered(error)) return 'answer';
  if (ofValues.has(error)) return 'unsent';
  const code = codeOf(error);
  if (code === undefined) return 'other';
  if (unopened.has(code)) return 'unopened';
  return unsent.has(code) ? 'unsent' : 'lost';
}

/** A copy of the same class with all own properties, also hidden ones. No class is called: it may want other arguments. */
function copyError(error: Error, message: string): Error {
  const { message: _, ...properties } = Object.getOwnPropertyDescriptors(error);
  // postgres.js makes some that can't be changed.
  for (const property of Object.values(properties)) property.configurable = true;
  const copy = Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(error));
  return Object.defineProperties(copy, properties);
}

/** Properties that describe the statement that was sent, which may contain the rows of several callers. */
const ofStatement = ['query', 'parameters', 'args', 'types'];

function withoutStatement(error: Error): Error {
  if (!('query' in error)) return error;
  const copy = copyError(error, error.message);
  for (const key of ofStatement) Reflect.deleteProperty(copy, key);
  return copy;
}

function withStatement(error: Error, describe: DescribeStatement, serialize: Serialize): Error {
  const copy = copyError(error, error.message);
  // The client's `debug` option makes them enumerable, so that printing the error shows them.
  const enumerable = Object.getOwnPropertyDescriptor(error, 'query')?.enumerable ?? false;
  const text = (param: unknown): unknown => {
    try {
      return param === null ? null : serialize(param, 0);
    } catch {
      // Like postgres.js: what has no text is shown as it is.
      return param;
    }
  };
  const own = (get: () => unknown) => ({ get, enumerable, configurable: true });
  const { query = '', types } = error as Described;
  // Those of a shared statement are arrays.
  if (types && query.includes('") values (')) {
    const ofParams = () => (types.length === describe().params.length ? types : undefined);
    Object.defineProperty(copy, 'types', own(ofParams));
  } else Reflect.deleteProperty(copy, 'types');
  return Object.defineProperties(copy, {
    query: own(() => describe().sql),
    parameters: own(() => describe().params.map(text)),
    args: own(() => describe().params),
  });
}

interface Described extends Error {
  readonly query?: string;
  readonly types?: readonly number[];
}

/** The message, the stack, the detail and other fields may contain another caller's values. */
function withoutValues(error: Error, message: string): Error {
  const { name, severity, code, schema_name, table_name, constraint_name, column_name } = error as Error &
    Record<string, unknown>;
  const copy = Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(error));
  return Object.assign(copy, {
    name,
    ...{ severity, code, schema_name, table_name, constraint_name, column_name },
  });
}

function nameIn(error: Error, field: string): string | undefined {
  const name = (error as unknown as Record<string, unknown>)[field];
  return typeof name === 'string' ? name : undefined;
}

/** Whether a query was rejected because its connection was lost. Other errors lack an SQLSTATE too. */
export function isLoss(error: unknown): boolean {
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  return code === 'CONNECTION_CLOSED' || code === 'CONNECTION_DESTROYED' || typeof errno === 'number';
}

/** The error of a statement that is sent after its transaction has ended on the connection. */
export function ended(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'TRANSACTION_ENDED',
    'the transaction has ended on its connection (its callback has settled, it had a COMMIT or ROLLBACK of its own, or its BEGIN failed); nothing more can be sent in it',
  );
}

/** The error of a statement that postgres.js had forgotten, and answered with nothing when the connection started again. */
export function lost(): Error {
  const error = new Error('the connection was lost before it brought an answer');
  return Object.assign(error, { code: 'CONNECTION_CLOSED' });
}
