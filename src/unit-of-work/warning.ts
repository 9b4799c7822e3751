/** Warns of rows that are not written. A Worker with an older compatibility date has only the console. */
export function warnOf(message: string, code: string): void {
  const type = 'BatchedDrizzleWarning';
  if (typeof process.emitWarning === 'function') process.emitWarning(message, { type, code });
  else console.warn(`[${code}] ${type}: ${message}`);
}
