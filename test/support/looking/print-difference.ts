/** Both sides of a difference: one text for a value, and for a list those of its members that differ. */
export function printDifference(plain: unknown, ours: unknown): { plain: string[]; ours: string[] } {
  const [a, b] = [lines(plain), lines(ours)];
  const differs = a.map((line, index) => line !== b[index]);
  const kept = (side: readonly string[]) => side.filter((_, index) => differs[index] ?? true);
  // Rows differ in their times, too. If they differ in nothing else, all of them are printed.
  return differs.includes(true) || a.length !== b.length
    ? { plain: kept(a), ours: kept(b) }
    : { plain: a, ours: b };
}

function lines(value: unknown): string[] {
  return Array.isArray(value) ? value.map(print) : [print(value)];
}

/** A value without its columns that hold NULL or a time. */
function print(value: unknown): string {
  return (
    JSON.stringify(value, (name, each) => (each === null || name === 'at' ? undefined : each)) ?? 'undefined'
  );
}
