import type { BatchedDatabase } from '../../src/index.ts';
import { rejectionOf } from './process-events.ts';
import { logs, users } from './schema.ts';

export const scopes = ['database', 'transaction'] as const;

/**
 * Flushes two rows of `logs` and two of `users`, one of which is refused if there is a user `secret` already.
 *
 * @returns the error of `flush()`
 */
export async function failedFlush(db: BatchedDatabase, where: (typeof scopes)[number]): Promise<unknown> {
  let error: unknown;
  const insert = async (into: Pick<BatchedDatabase, 'insert' | 'flush'>): Promise<void> => {
    into.insert(logs).values(['secret', 'secret'].map((message) => ({ level: 'info', message })));
    into.insert(users).values([{ name: 'secret' }, { name: 'other secret' }]);
    error = await rejectionOf(into.flush());
  };
  await (where === 'database' ? insert(db) : db.transaction(insert).catch(() => {}));
  return error;
}
