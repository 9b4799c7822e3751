/** Errors of postgres.js: which kind they are, and copies for another statement than the one that was sent. */
import type { DescribeStatement, DriverErrors, ErrorKind } from '../driver/errors.ts';
import type { Serialize } from '../driver/text.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';

export const postgresJsErrors: DriverErrors = {
  kindOf: kindOfError,
  copy: copyError,
  withoutStatement,
  withStatement,
  withoutValues,
  tableOf,
};

/** Codes for a statement that postgres.js did not let out. */
const unsent = new Set(['MAX_PARAMETERS_EXCEEDED', 'UNDEFINED_VALUE']);

/** Codes of postgres.js and the system for a connection that was never opened, or not for this query. */
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

/** A pooler that has lost the database reports that in its own name, without `severity`. */
function kindOfError(error: Error): ErrorKind {
  if ('severity' in error) return 'answer';
  const code = codeOf(error);
  if (code === undefined) return 'other';
  if (unopened.has(code)) return 'unopened';
  return unsent.has(code) ? 'unsent' : 'lost';
}

function copyError(error: Error, message: string): Error {
  const fields = { ...error, message };
  const Copy = error.constructor as new (fields: object) => Error;
  const copy =
    'severity' in error
      ? new Copy(fields)
      : Object.assign(Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(error)), fields);
  copy.stack = error.stack ?? '';
  return copy;
}

/** What postgres.js puts on its errors of the statement that was sent, which may be of several callers. */
const ofStatement = ['query', 'parameters', 'args', 'types'];

/** A driver's error without the statement and its parameters. */
function withoutStatement(error: Error): Error {
  if (!('query' in error)) return error;
  const copy = copyError(error, error.message);
  for (const key of ofStatement) Reflect.deleteProperty(copy, key);
  return copy;
}

/** Where in a COPY an error came up, behind where in its functions; what is in the line's values belongs to it. */
const lineOfCopy = /(^|\n)COPY .*$/s;

/** A driver's error without the line of COPY, which holds a row's values; an INSERT tells of none. */
export function withoutLine(error: Error): Error {
  const { where } = error as { where?: unknown };
  if (typeof where !== 'string') return error;
  const copy = copyError(error, error.message);
  // Told in a language that begins otherwise, it can't be told from the rest.
  const left = lineOfCopy.test(where) ? where.replace(lineOfCopy, '') : '';
  if (left === '') Reflect.deleteProperty(copy, 'where');
  return left === '' ? copy : Object.assign(copy, { where: left });
}

/** A driver's error as if this statement had been sent, which is made only when somebody looks. */
function withStatement(error: Error, describe: DescribeStatement, serialize: Serialize): Error {
  const copy = copyError(error, error.message);
  // With the client's `debug` they are there for whoever prints the error.
  const enumerable = Object.getOwnPropertyDescriptor(error, 'query')?.enumerable ?? false;
  const text = (param: unknown) => (param === null ? null : serialize(param, 0));
  const own = (get: () => unknown) => ({ get, enumerable, configurable: true });
  Reflect.deleteProperty(copy, 'types');
  return Object.defineProperties(copy, {
    query: own(() => describe().sql),
    parameters: own(() => describe().params.map(text)),
    args: own(() => describe().params),
  });
}

/** Only the code and the names: the words, the detail and the rest may hold another caller's values. */
function withoutValues(error: Error, message: string): Error {
  const { severity, code, schema_name, table_name, constraint_name, column_name } =
    error as unknown as Record<string, unknown>;
  const Copy = error.constructor as new (fields: object) => Error;
  return new Copy({ severity, code, schema_name, table_name, constraint_name, column_name, message });
}

function tableOf(error: Error): string | undefined {
  const { table_name } = error as { table_name?: unknown };
  return typeof table_name === 'string' ? table_name : undefined;
}

/** Whether a query was rejected because its connection went away; not every error without an SQLSTATE says that. */
export function isLoss(error: unknown): boolean {
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  return code === 'CONNECTION_CLOSED' || code === 'CONNECTION_DESTROYED' || typeof errno === 'number';
}

/** For a statement that comes when its connection is no longer in the transaction. */
export function ended(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'TRANSACTION_ENDED',
    'the transaction has ended on its connection (a COMMIT or ROLLBACK of its own, or a BEGIN that failed); nothing more can be sent in it',
  );
}
