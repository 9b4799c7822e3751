/** Statements of drizzle's that leave before BEGIN has been answered. */
import type { Statement } from '../driver/statement.ts';
import type { Query } from './internals.ts';

/** What must be executed before a query can leave so. One that is kept under a name would be kept by the other text. */
export function markOf({ sent, options }: Query): Statement | undefined {
  return options.prepare ? undefined : sent?.ahead?.mark;
}

/**
 * Makes a query leave by a text that does nothing if BEGIN fails. Errors and results show the statement's own text. Only the
 * client's `debug` function is given the other one.
 *
 * @param sendMark sends what the text depends on, unless it has done so before
 * @returns whether it may leave
 */
export function leaveAhead(query: Query, sendMark: (mark: Statement) => void): boolean {
  const ahead = query.sent?.ahead;
  if (!ahead) return false;
  if (!ahead.mark) return true;
  const mark = markOf(query);
  if (!mark) return false;
  sendMark(mark);
  const text = query.strings[0];
  query.strings = [ahead.text];
  query.ownText = text;
  const { resolve, reject } = query;
  const resolveOwn: Query['resolve'] = (answer) => {
    const { statement } = answer as { statement?: { string: unknown } };
    if (statement) statement.string = text;
    resolve(answer);
  };
  const rejectOwn: Query['reject'] = (error) => {
    const place = error as { position?: string };
    if (place.position) place.position = String(ahead.ownPosition(Number(place.position)));
    ahead.refused?.(error);
    reject(error);
  };
  query.resolve = resolveOwn;
  query.reject = rejectOwn;
  return true;
}
