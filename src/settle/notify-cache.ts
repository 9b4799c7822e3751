/** Notifies drizzle's cache of every insert once, however often its batch is sent. */

import type { Cache } from 'drizzle-orm/cache/core';
import { cacheName } from '../drizzle/table.ts';
import { asError } from '../errors.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { Entry } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';

/** The entries that the cache was notified of, each with the cache's error if it threw one. */
const notified = new WeakMap<Entry, Promise<Error | undefined>>();

/**
 * Notifies the cache, as drizzle does while it executes an insert.
 *
 * @returns the errors of the cache, by entry
 */
export async function notifyCache(
  cache: Cache | undefined,
  entries: () => Iterable<Entry>,
): Promise<Map<Entry, Error>> {
  const failed = new Map<Entry, Error>();
  if (!cache) return failed;
  await Promise.all(
    [...entries()].map(async (entry) => {
      const error = await getOrInsert(notified, entry, () => mutate(cache, entry));
      if (error) failed.set(entry, new BatchedInsertError(ownInsert(entry), error));
    }),
  );
  return failed;
}

async function mutate(cache: Cache, { shape }: Entry): Promise<Error | undefined> {
  try {
    await cache.onMutate({ tables: [cacheName(shape.table)] });
    return undefined;
  } catch (error) {
    return asError(error);
  }
}
