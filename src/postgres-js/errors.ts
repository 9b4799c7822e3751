/** Errors of postgres.js, told of another statement than the one that was sent. */
import type { Serialize } from '../driver/text.ts';

/** A copy of a driver's error, of its class and with its fields. */
export function copyError(error: Error, message: string): Error {
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
export function withoutStatement(error: Error): Error {
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
export function withStatement(
  error: Error,
  describe: () => { sql: string; params: unknown[] },
  serialize: Serialize,
): Error {
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
