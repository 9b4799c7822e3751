import type { Entry } from '../take/entry.ts';

/** The result of `db.execute(insert)`, once the insert is written. */
export async function driverResult(entry: Entry): Promise<unknown> {
  const value = await entry.result();
  return entry.outcome?.driverValue?.(entry) ?? value;
}
