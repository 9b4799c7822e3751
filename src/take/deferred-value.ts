/** The values of references among the parameters of a statement. */
import { BatchedDrizzleError } from '../errors.ts';
import { type DeferredValue, nameOf } from './deferred.ts';
import type { Reference } from './entry.ts';
import { paramOf } from './of-server.ts';

/** @throws {BatchedDrizzleError} `BAD_REFERENCE` if the insert has failed or is not written yet */
export function resolveDeferred({ reference }: DeferredValue<Reference>): unknown {
  const value = reference.value();
  if (value !== undefined) return paramOf(reference.origin, value);
  throw unresolved(reference);
}

/**
 * The error for a reference without a value.
 *
 * @param failure why its insert failed, if its outcome is not settled yet
 */
export function unresolved(reference: Reference, failure?: Error): BatchedDrizzleError {
  const { outcome } = reference.entry;
  const cause = outcome?.error ?? failure;
  if (cause) {
    return new BatchedDrizzleError('BAD_REFERENCE', `ref to ${nameOf(reference)}: its insert failed`, {
      cause,
    });
  }
  if (outcome) {
    return new BatchedDrizzleError(
      'BAD_REFERENCE',
      `ref to ${nameOf(reference)}: no key has come back; a conflict clause or a trigger has left the row out, or ref() was called when its insert had left`,
    );
  }
  return new BatchedDrizzleError(
    'BAD_REFERENCE',
    `ref to ${nameOf(reference)}: its insert is not written yet; flush() the database or transaction it was made on first`,
  );
}
