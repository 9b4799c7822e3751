/** What an error says of the rows that a transaction of the library's own was to write. Pure. */
import type { DriverErrors } from '../driver/errors.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';
import type { Refusal } from '../settle/failures.ts';

/**
 * - `refused`: nothing was written; a part of the batch may fare better.
 * - `contended`: nothing was written, for the sake of a lock or of a transaction beside; an entry alone may wait.
 * - `final`: no part of it would fare better, or its rows stand.
 * - `unknown`: the connection was lost with COMMIT on its way.
 */
export type RefusalKind = 'split' | 'retryAlone' | 'fail' | 'unknown';

/** Lock not available, deadlock detected, serialization failure; and what stands behind another's failure. */
const contention = new Set(['55P03', '40P01', '40001', '25P02']);

/** Connection exceptions, insufficient resources, operator intervention but for a cancelled query. */
const outOfOrder = /^(08|53|57P)/;

/** Codes of this library for which the same again would do no better. */
const hopeless = new Set(['MISMATCHED_ANSWER', 'FACTS_CHANGED', 'UNSUPPORTED_CLIENT']);

/** The fate of a batch that was refused. */
export function classifyRefusal({ error, isUnknown }: Refusal, errors: DriverErrors): RefusalKind {
  if (isUnknown) return 'unknown';
  const code = codeOf(error) ?? '';
  if (contention.has(code)) return 'retryAlone';
  if (error instanceof BatchedDrizzleError) return hopeless.has(code) ? 'fail' : 'split';
  const kind = errors.kindOf(error);
  if (kind === 'answer') return outOfOrder.test(code) ? 'fail' : 'split';
  return kind === 'lost' || kind === 'unopened' ? 'fail' : 'split';
}
