/** Errors of PGlite: their kinds, and copies of them for a statement that was not sent itself. */
import type { DescribeStatement, DriverErrors, ErrorKind } from '../driver/errors.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';
import { queryOptions } from './parsers.ts';

export const pgliteErrors: DriverErrors = {
  kindOf,
  copy: copyError,
  withoutStatement,
  withStatement,
  withoutValues,
  tableOf: (error) => nameIn(error, 'table'),
  columnOf: (error) => nameIn(error, 'column'),
};

/** Errors of serialisers: the statement was described and not bound. */
const ofValues = new WeakSet<Error>();

export function noteUnbound(error: Error): void {
  ofValues.add(error);
}

/** By its fields, since a program may have loaded PGlite twice, and so its classes. */
export function isAnswered(error: Error): boolean {
  const { severity } = error as { severity?: unknown };
  return typeof severity === 'string' && 'routine' in error && codeOf(error) !== undefined;
}

/** There is no connection that could be lost. The server ends with the instance, or crashes in its WebAssembly. */
function kindOf(error: Error): ErrorKind {
  if (isAnswered(error)) return 'answer';
  if (ofValues.has(error)) return 'unsent';
  if (/^PGlite is clos(ed|ing)$/.test(error.message)) return 'unopened';
  return error instanceof WebAssembly.RuntimeError ? 'lost' : 'other';
}

/** A copy of the same class with all own properties. No class is called: it may want other arguments. */
function copyError(error: Error, message: string): Error {
  const { message: _, ...properties } = Object.getOwnPropertyDescriptors(error);
  const copy = Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(error));
  return Object.defineProperties(copy, properties);
}

function withoutStatement(error: Error): Error {
  if (!('query' in error)) return error;
  const copy = copyError(error, error.message);
  for (const key of ['query', 'params', 'queryOptions']) Reflect.deleteProperty(copy, key);
  return copy;
}

/** PGlite adds the statement to errors of the server, and to no others. */
export function addStatement(error: Error, query: string): void {
  if (isAnswered(error)) Object.assign(error, { query, params: [], queryOptions: queryOptions('object') });
}

function withStatement(error: Error, describe: DescribeStatement): Error {
  const copy = copyError(error, error.message);
  if (!isAnswered(error)) return copy;
  const own = (get: () => unknown) => ({ get, enumerable: true, configurable: true });
  return Object.defineProperties(copy, {
    query: own(() => describe().sql),
    params: own(() => describe().params),
    // drizzle reads rows as arrays only if it maps them itself.
    queryOptions: own(() => queryOptions(/ returning /.test(describe().sql) ? 'array' : 'object')),
  });
}

/** The message, the stack, the detail and other fields may contain another caller's values. */
function withoutValues(error: Error, message: string): Error {
  const { name, severity, code, schema, table, column, constraint } = error as Error &
    Record<string, unknown>;
  const copy = Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(error));
  return Object.assign(copy, { name, severity, code, schema, table, column, constraint, routine: undefined });
}

function nameIn(error: Error, field: string): string | undefined {
  const name = (error as unknown as Record<string, unknown>)[field];
  return typeof name === 'string' ? name : undefined;
}

/** The error of a statement that is sent after its transaction has ended. */
export function ended(): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'TRANSACTION_ENDED',
    'the transaction has ended on its connection; nothing more can be sent in it',
  );
}

/** Remembers what has failed in a transaction: the server refuses every later statement without saying why (25P02). */
export class Failing {
  #failure: Error | undefined;

  /** Notes an error, and gives a later one the first one as its cause, without that one's values. */
  note(error: Error): void {
    if (!isAnswered(error)) return;
    if (codeOf(error) !== '25P02') this.#failure = error;
    else if (this.#failure && !('cause' in error)) {
      const failure = this.#failure;
      const message = `an earlier statement of the transaction failed with ${codeOf(failure)}`;
      // As the standard has it, a cause is hidden from loops over the properties.
      const value = withoutValues(failure, message);
      Object.defineProperty(error, 'cause', { value, writable: true, configurable: true });
    }
  }
}
