import { BatchedDrizzleError } from '../errors.ts';

/** The error of an entry that is imported beside a version of drizzle that it is not for. */
export function otherDrizzle(version: string, other: string, entries: string): BatchedDrizzleError {
  return new BatchedDrizzleError(
    'UNSUPPORTED_DRIZZLE',
    `this entry of batched-drizzle is for drizzle-orm ${version}, and another version is installed. For ${other} import ${entries}`,
  );
}
