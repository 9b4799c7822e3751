import type { Entry } from '../take/entry.ts';
import type { Queue } from '../take/queue.ts';

/**
 * The rows queued before a statement, to be flushed when its turn comes. Inserts that are awaited after the statement are
 * excluded.
 *
 * In `Promise.all([tx.delete(t), tx.insert(t).values(row)])` the insert is made before the delete executes, and yet belongs
 * after it. Promise.all has queued the jobs that call each `then` one after another. So a statement that waits for its own job,
 * and one more for those that are executed at the call, knows which inserts of the group are awaited.
 *
 * @param before the number of a call: later ones are excluded, too
 * @returns a function that takes them out of the queue; `undefined` if none is queued now
 */
export function takeAhead(
  queue: Queue,
  named: ReadonlySet<Entry>,
  before = queue.now,
): (() => readonly Entry[]) | undefined {
  if (queue.isEmpty) return undefined;
  const { now } = queue;
  const ahead = queue.entries.filter(({ call }) => call < before);
  if (ahead.length === 0) return undefined;
  const unclaimed = ahead.filter((entry) => !entry.awaited && !named.has(entry));
  return () => {
    const behind = new Set(unclaimed.filter(({ awaited }) => awaited));
    return queue.takeWhere((entry) => entry.call < before && queue.isOlder(entry, now) && !behind.has(entry));
  };
}
