import { setImmediate as check } from 'node:timers/promises';

/** Waits until what was due at the end of this turn has begun: it does so in the poll phase behind the next check. */
export async function endOfTurn(): Promise<void> {
  await check();
  await check();
}
