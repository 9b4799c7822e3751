/** Statements of several callers that leave in one flight, with a Sync for each. */
import type { Answer, Statement } from '../driver/statement.ts';
import type { Lease } from './lease.ts';
import { type Dialect, makeQuery } from './make-query.ts';

/**
 * The client goes back to the pool with the last answer, and not later: what a statement needs besides may be waiting for a
 * client, too.
 */
export function together(
  lease: () => Promise<Lease>,
  dialect: Dialect,
  bound: Statement,
): (statement: Statement) => Promise<Answer> {
  let held: Promise<Lease> | undefined;
  let open = 0;
  return async (statement) => {
    const { piece, answer } = makeQuery(dialect, statement);
    if (!piece) return answer;
    open += 1;
    held ??= lease();
    const leased = held;
    try {
      const { outbox } = await leased;
      outbox.push({ ...piece, ahead: makeQuery(dialect, bound, { role: 'ahead' }).piece });
      return await answer;
    } finally {
      open -= 1;
      if (open === 0) {
        held = undefined;
        leased.then((each) => each.release()).catch(() => {});
      }
    }
  };
}
