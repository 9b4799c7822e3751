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
  return { promise, resolve };
}

export interface Settling<Insert> {
  /** Why the insert failed; `undefined` if it was written. */
  readonly error?: Error;
  /** The insert was dropped unsent: its rejection is never an `unhandledRejection`. */
  readonly isQuiet?: boolean;
  /** Settles when the cache is done with the insert, with its error if it has one. Only the insert's promise waits. */
  readonly objection?: Promise<Error | undefined>;
  /** The value of the insert's promise, decoded only when the promise is used. */
  value?(insert: Insert): unknown;
}

/** Settles a promise that was requested before. */
export function settle<Insert>(
  { promise, resolve }: Waiting,
  settling: Settling<Insert>,
  insert: Insert,
): void {
  const result = resultOf(settling, insert);
  // Otherwise Node reports a rejection that nobody handles: somebody has executed the insert.
  if (settling.isQuiet) promise.catch(ignore);
  resolve(result);
}

export function settled<Insert>(settling: Settling<Insert>, insert: Insert): Promise<unknown> {
  return Promise.resolve(resultOf(settling, insert));
}

/** The value; a promise only if it rejects, or has to wait. */
function resultOf<Insert>(settling: Settling<Insert>, insert: Insert): unknown {
  const { error, objection } = settling;
  if (error) return rejected(error);
  if (!objection) return valueOrRejection(settling, insert);
  const promise = objection.then((reason) =>
    reason ? rejected(reason) : valueOrRejection(settling, insert),
  );
  promise.catch(ignore);
  return promise;
}

function valueOrRejection<Insert>(settling: Settling<Insert>, insert: Insert): unknown {
  try {
    return settling.value?.(insert);
  } catch (error) {
    // A decoder of the caller's own column type may throw. As in drizzle, the insert then rejects with that
    // error.
    return rejected(error);
  }
}

/** If it is asked for when the insert has failed, the flush or the transaction has reported that, and Node need not. */
function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
