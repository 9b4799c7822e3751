/** The codes of an error and of its causes, from the outside in. */
export function codesOf(error: unknown): string[] {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown };
  return [...(code === undefined ? [] : [code]), ...(cause === undefined ? [] : codesOf(cause))];
}
