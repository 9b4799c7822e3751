/** A promise, and the function that resolves it. */
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

interface Settling {
  readonly error?: Error;
  readonly objection?: Promise<Error | undefined>;
}

export function settled({ error, objection }: Settling, value: () => unknown): Promise<unknown> {
  if (objection && !error) {
    const promise = objection.then((reason) => settled(reason ? { error: reason } : {}, value));
    promise.catch(ignore);
    return promise;
  }
  try {
    return error ? rejected(error) : Promise.resolve(value());
  } catch (error) {
    // A decoder of the caller's own column type may throw. As in drizzle, the insert then rejects with that
    // error.
    return rejected(error);
  }
}

/**
 * A caller that awaits the promise gets the error. Without one, the flush or the transaction reports it, and
 * Node must not report an unhandled rejection.
 */
function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
