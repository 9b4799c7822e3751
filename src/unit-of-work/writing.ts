/** Whatever writes. A program does not wait for it when it imports the library. */
import { batches, flushEach } from '../bisect/flush-each.ts';
import { sharing } from '../flush/late-part.ts';
import { queuedAwaits, runNested, runTransaction } from './run-transaction.ts';

export { flushEach, runNested, runTransaction };

/** Reads what only some flushes need. What needs a part that can't be read tells of it. */
export function readRest(): void {
  for (const part of [sharing, batches, queuedAwaits]) part.reading().catch(() => {});
}
