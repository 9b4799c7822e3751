import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The events that this process emits while `work` runs and shortly after. A rejection becomes unhandled one
 * turn later.
 */
async function collect<T>(
  event: 'warning' | 'unhandledRejection' | 'uncaughtException',
  work: () => Promise<unknown>,
): Promise<T[]> {
  const seen: T[] = [];
  const note = (emitted: T): void => void seen.push(emitted);
  process.on(event as 'warning', note as () => void);
  try {
    await work();
    await sleep(20);
  } finally {
    process.off(event, note as () => void);
  }
  return seen;
}

export function warningsDuring(work: () => Promise<unknown>): Promise<(Error & { code?: string })[]> {
  return collect('warning', work);
}

export function unhandledDuring(work: () => Promise<unknown>): Promise<unknown[]> {
  return collect('unhandledRejection', work);
}

/** The errors that would have ended this process. */
export async function endsDuring(work: () => Promise<unknown>): Promise<unknown[]> {
  const rejections: unknown[] = [];
  const exceptions = await collect('uncaughtException', async () => {
    rejections.push(...(await unhandledDuring(work)));
  });
  return [...exceptions, ...rejections];
}

/** The error that a promise rejects with. If it resolves, the test fails. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
}
