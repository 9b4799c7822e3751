/** Entries of the database → each written or rejected by itself, as if its insert had been sent alone. */
import type { FlushContext } from '../context.ts';
import { asError } from '../errors.ts';
import { LatePart } from '../flush/late-part.ts';
import type { ReportBuilder } from '../report.ts';
import { Failures, type FlushFailure } from '../settle/failures.ts';
import { rejectUnread } from '../settle/reject-unread.ts';
import type { Entry } from '../take/entry.ts';
import { OwnAttempts } from './own-attempts.ts';

export const batches = new LatePart(() => import('./bisect.ts'));

/** Never rejects. */
export async function flushEach(
  context: FlushContext,
  entries: readonly Entry[],
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const failures = new Failures(true, context.driver);
  const [first] = entries;
  // It waits for no code that is still being read.
  const isLone = entries.length === 1 && first?.references.length === 0;
  if (!first || (isLone && (await writeLone(context, entries, report, failures))))
    return failures.toFailure();
  const read = batches.read ?? (await batches.reading().catch(asError));
  if (read instanceof Error) return rejectUnread(entries, read);
  const batch = new read.Batch(context, report);
  await (isLone ? batch.writeApart(entries) : batch.write(entries));
  await batch.settled();
  return batch.failures.toFailure();
}

/** @returns whether the entry is settled. If not, nothing was written, and the server takes no transactions */
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
