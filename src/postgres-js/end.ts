/** `end()` of a client that must wait for inserts first. Its timeout counts from the call. */
import type { MakeEnd } from '../driver/ending.ts';

interface EndOptions {
  /** In seconds. */
  readonly timeout?: number | null;
}

export const endBehind: MakeEnd =
  (end, work) =>
  async (given = {}): Promise<unknown> => {
    const options = given as EndOptions;
    const { timeout } = options;
    if (timeout == null) {
      await work;
      return end(options);
    }
    const called = performance.now();
    const isLate = await settlesLater(work, timeout * 1000);
    const left = isLate ? 0 : Math.max(0, timeout - (performance.now() - called) / 1000);
    return end({ ...options, timeout: left });
  };

/** Whether the work takes longer. */
function settlesLater(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), milliseconds);
    work.then(() => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}
