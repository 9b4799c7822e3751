import { asError, codeOf } from '../errors.ts';
import type { Entry } from '../take/entry.ts';
import { ownInsert } from '../take/insert-error.ts';
import { FlushError } from './flush-error.ts';

/** The error of a shared flush for an insert that was rejected before it was queued. */
export function refusedInShared(entry: Entry, error: Error): FlushError {
  const { table, rows } = ownInsert(entry);
  const cause = withoutMessage(asError(error.cause ?? error));
  return new FlushError([{ table, rows, code: codeOf(cause) }], cause);
}

/**
 * Drops the message and the causes.
 * Errors from a custom column mapping or from a referenced insert may contain another caller's values, so
 * only name and code are kept.
 */
export function withoutMessage(error: Error): Error {
  const message = "an insert has a value that can't be sent, or refers to one that was not written";
  return Object.assign(new Error(message), { name: error.name, code: codeOf(error) });
}
