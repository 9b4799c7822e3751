/** What somebody waits for, and what ends the wait. */
export interface Waiting {
  readonly promise: Promise<unknown>;
  readonly resolve: (result: unknown) => void;
}

export function wait(): Waiting {
  let resolve: Waiting['resolve'] = ignore;
  const promise = new Promise<unknown>((settle) => {
    resolve = settle;
  });
  promise.catch(ignore);
  return { promise, resolve };
}

export function settled(error: Error | undefined, value: () => unknown): Promise<unknown> {
  try {
    return error ? rejected(error) : Promise.resolve(value());
  } catch (error) {
    // A decoder of the caller's own column type may throw; that is the caller's error, as in drizzle.
    return rejected(error);
  }
}

/** Whoever awaits sees the error; that nobody does is the flush's or the transaction's to report. */
function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
