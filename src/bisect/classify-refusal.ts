/** How to go on with a batch that was refused, from its error. Pure. */
import type { DriverErrors } from '../driver/errors.ts';
import { BatchedDrizzleError, codeOf } from '../errors.ts';
import type { Refusal } from '../settle/failures.ts';

/**
 * - `split`: no row was written, and a part of the batch may succeed.
 * - `retryAlone`: no row was written, because of a lock or a concurrent transaction. An entry alone may wait.
 * - `fail`: no part of the batch would succeed, or its rows are written.
 * - `unknown`: the connection was lost while COMMIT was on its way.
 */
export type RefusalKind = 'split' | 'retryAlone' | 'fail' | 'unknown';

/** Lock not available, deadlock detected, serialization failure, and the failure of an earlier statement. */
const contention = new Set(['55P03', '40P01', '40001', '25P02']);

/** Connection exceptions, insufficient resources, operator intervention except a cancelled query, a read-only server. */
const outOfOrder = /^(08|53|57P|25006)/;

/** Codes of this library that would occur again if the batch were sent again. */
const hopeless = new Set(['MISMATCHED_ANSWER', 'UNSUPPORTED_CLIENT']);

export function classifyRefusal({ error, isUnknown }: Refusal, errors: DriverErrors): RefusalKind {
  if (isUnknown) return 'unknown';
  const code = codeOf(error) ?? '';
  if (contention.has(code)) return 'retryAlone';
  if (error instanceof BatchedDrizzleError) return hopeless.has(code) ? 'fail' : 'split';
  const kind = errors.kindOf(error);
  if (kind === 'answer') return outOfOrder.test(code) ? 'fail' : 'split';
  return kind === 'lost' || kind === 'unopened' ? 'fail' : 'split';
}
