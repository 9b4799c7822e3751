/** How the server knows, ahead of the client, that BEGIN has been executed. */
import type { Ahead } from '../driver/driver.ts';
import { RecentTexts } from '../driver/recent-texts.ts';
import { command } from '../driver/statement.ts';
import { isWholeCondition } from '../drizzle/whole-condition.ts';
import type { WriteParts } from '../drizzle/write-parts.ts';
import { getOrInsert } from '../get-or-insert.ts';

/**
 * Outside a transaction `set local` has no effect, so that the guards behind it raise an error and nothing is written if
 * BEGIN fails. It takes no snapshot, and costs less than `select set_config(…)`.
 */
export const markBegun = command("set local batched_drizzle.t = '1'");

/** Raises an error outside the transaction that the library has begun: '' is no number. It needs no privilege. */
export const begunGuard = "pg_catalog.current_setting('batched_drizzle.t')::pg_catalog.int4";

/** Whether the guard means the same behind the condition as by itself. A comment of raw SQL in front would hide both. */
export function canTakeGuard({ head, where }: WriteParts): boolean {
  if (!/^(update|delete) /.test(head) || head.includes('--')) return false;
  return getOrInsert(areWhole, where, () => isWholeCondition(where));
}

/** A program sends the same few conditions again and again. */
const areWhole = new RecentTexts<boolean>();

/** The server evaluates the guard once, also if no row fulfils the rest of the condition. */
export function guardWrite({ head, where, tail }: WriteParts): Ahead {
  // A line of its own, since the condition may end in a comment.
  const guard = `\n) and ${begunGuard} operator(pg_catalog.=) 1`;
  return {
    text: `${head}(${where}${guard}${tail}`,
    mark: markBegun,
    ownPosition(position) {
      const headEnds = lengthOf(head);
      if (position <= headEnds) return position;
      const whereEnds = headEnds + 1 + lengthOf(where);
      return position - 1 - (position > whereEnds ? guard.length : 0);
    },
  };
}

/** The server counts characters, and a string's length counts UTF-16 units. */
function lengthOf(text: string): number {
  return [...text].length;
}
