/**
 * Notifies drizzle's cache of every insert once, however often its batch is sent.
 *
 * The cache may query the database, or the very transaction that it is notified of. So nothing waits for it but the
 * promises of the inserts, and what their caller has asked for.
 */

import type { Cache } from 'drizzle-orm/cache/core';
import { cacheName } from '#version/drizzle/columns';
import { notifiesAfterSuccess } from '#version/drizzle/database';
import { asError } from '../errors.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { Entry, Outcome } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import type { Outcomes } from './outcomes.ts';

/** The entries that the cache was notified of. Each promise has the insert's error if the cache threw one. */
const notified = new WeakMap<Entry, Promise<Error | undefined>>();

/** Notifies the cache of inserts that are being sent. @returns settles when the cache is done */
export function notifyCache(
  cache: Cache | undefined,
  entries: () => Iterable<Entry>,
): Promise<unknown> | undefined {
  if (!cache || notifiesAfterSuccess) return undefined;
  return Promise.all([...entries()].map((entry) => notify(cache, entry)));
}

function notify(cache: Cache, entry: Entry): Promise<Error | undefined> {
  return getOrInsert(notified, entry, () => mutate(cache, entry));
}

async function mutate(cache: Cache, entry: Entry): Promise<Error | undefined> {
  try {
    await cache.onMutate({ tables: [cacheName(entry.shape.table)] });
    return undefined;
  } catch (error) {
    return new BatchedInsertError(ownInsert(entry), asError(error));
  }
}

/** Settles when the cache is done with those of the entries that it was notified of. */
export async function whenNotified(cache: Cache | undefined, entries: readonly Entry[]): Promise<void> {
  if (cache) await Promise.all(entries.map((entry) => notified.get(entry)));
}

/** Outcomes of entries whose promises wait until the cache is done with them. drizzle 1.0 notifies it only now. */
export function afterCache(cache: Cache | undefined, outcomes: Outcomes): Outcomes {
  if (!cache) return outcomes;
  return outcomes.flatMap(([entries, outcome]) =>
    entries.map((entry) => {
      const isTold = notifiesAfterSuccess && !outcome.error ? notify(cache, entry) : notified.get(entry);
      return [[entry], withObjection(outcome, isTold)] as const;
    }),
  );
}

function withObjection(outcome: Outcome, objection: Promise<Error | undefined> | undefined): Outcome {
  if (!objection) return outcome;
  const { error, driverValue, unreadable } = outcome;
  return {
    ...(error && { error }),
    unreadable,
    objection,
    value: (entry) => outcome.value?.(entry),
    ...(driverValue && { driverValue: (entry: Entry) => driverValue.call(outcome, entry) }),
  };
}
