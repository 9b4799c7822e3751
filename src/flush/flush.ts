/** The life of a batch: take → plan → write → send → settle. */
import type { FlushContext } from '../context.ts';
import { asError } from '../errors.ts';
import type { ReportBuilder } from '../report.ts';
import { Failures, type FlushFailure, type Refusal } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import { Attempt } from './attempt.ts';
import { choose } from './choose.ts';
import type { FlushTarget } from './target.ts';

/** Writes entries in a transaction, which fails as a whole. Never rejects. */
export async function flush(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const failures = new Failures(false, context.driver, target);
  const refusal = await attempt(context, entries, target, report, failures);
  if (refusal) failures.rejectAll(entries, refusal);
  return failures.toFailure();
}

/**
 * Writes entries in as few flights as their references allow. Never rejects.
 *
 * One flight is enough unless a reference is known only from the RETURNING row of another insert.
 *
 * @returns why entries were not written. They are not settled then, except entries whose own values can't be
 *   sent.
 */
export async function attempt(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
  failures: Failures,
): Promise<Refusal | undefined> {
  const flushing = new Attempt(context, target, report, failures);
  try {
    let rest = entries;
    while (rest.length > 0) {
      const way = await choose(context, rest, target, flushing);
      const { refusal, later } = way.own
        ? await flushing.writeOwn(rest, way.own, way.why ?? 'few')
        : await flushing.writeShared(rest, way);
      if (refusal) return refusal;
      rest = later;
    }
    return await flushing.finish();
  } catch (error) {
    return { error: asError(error) };
  }
}
