/** The codes of an error and of its causes, the outermost first. */
export function codesOf(error: unknown): string[] {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown };
  return [...(code === undefined ? [] : [code]), ...(cause === undefined ? [] : codesOf(cause))];
}

/** For each promise the code of its error's cause, or `ok`. */
export function causeCodes(settled: readonly PromiseSettledResult<unknown>[]): (string | undefined)[] {
  return settled.map((each) =>
    each.status === 'fulfilled' ? 'ok' : (each.reason as { cause?: { code?: string } }).cause?.code,
  );
}
