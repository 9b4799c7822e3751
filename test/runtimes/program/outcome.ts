export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** What a piece of work resolves to, or what programs look at in the error that it rejects with. */
export async function outcomeOf(work: () => PromiseLike<unknown>): Promise<Outcome> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error: described(error) };
  }
}

interface ErrorOfDriver extends Error {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly constraint?: unknown;
  readonly constraint_name?: unknown;
}

function described(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, cause, code, detail, constraint, constraint_name } = error as ErrorOfDriver;
  return {
    constructor: error.constructor.name,
    name,
    message,
    code,
    detail,
    constraint: constraint ?? constraint_name,
    ...(cause !== undefined && { cause: described(cause) }),
  };
}
