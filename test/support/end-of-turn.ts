import { setImmediate as check } from 'node:timers/promises';

/**
 * Waits until the work that was due at the end of this turn has begun. It begins in the poll phase after the
 * next check.
 */
export async function endOfTurn(): Promise<void> {
  await check();
  await check();
}
