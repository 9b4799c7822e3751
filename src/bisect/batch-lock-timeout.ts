/**
 * The longest time that a batch of several callers waits for a lock.
 *
 * The transaction that holds the lock may itself wait for another insert of the batch. No server can see such
 * a deadlock.
 */
export const batchLockTimeout = '100ms';
