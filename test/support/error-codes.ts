/** The codes of an error and of its causes, the outermost first. */
export function codesOf(error: unknown): string[] {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown };
  return [...(code === undefined ? [] : [code]), ...(cause === undefined ? [] : codesOf(cause))];
}
