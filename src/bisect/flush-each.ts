/** Entries of the database → each written or rejected by itself, as if its insert had been sent alone. */
import type { FlushContext } from '../context.ts';
import { asError } from '../errors.ts';
import type { ReportBuilder } from '../report.ts';
import { Failures, type FlushFailure } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import { OwnAttempts } from './own-attempts.ts';

/** Never rejects. */
export async function flushEach(
  context: FlushContext,
  entries: readonly Entry[],
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const failures = new Failures(true, context.driver);
  const [first] = entries;
  const isLone = entries.length === 1 && first?.references.length === 0;
  if (!first || (isLone && (await writeLone(context, entries, report, failures))))
    return failures.toFailure();
  try {
    // Many programs write one row at a time, and need not read what only a batch uses.
    const { Batch } = await import('./bisect.ts');
    const batch = new Batch(context, report, failures);
    await batch.write(entries);
    await batch.settled();
  } catch (error) {
    failures.rejectAll(entries, { error: asError(error) });
  }
  return failures.toFailure();
}

/** @returns whether the entry is settled. If not, nothing was written, and it is tried again as a batch */
async function writeLone(
  context: FlushContext,
  entries: readonly Entry[],
  report: ReportBuilder,
  failures: Failures,
): Promise<boolean> {
  const refusal = await new OwnAttempts(context, report, failures).attempt(entries, undefined);
  if (refusal?.mustGoApart) return false;
  if (refusal) failures.rejectAll(entries, refusal);
  return true;
}
