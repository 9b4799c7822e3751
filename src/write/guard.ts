/** What keeps a flight from being written by halves. */

/** Holds the flight's token in the server for the length of its transaction. */
export const tokenSetting = 'batched_drizzle.t';

const changed = 'batched_drizzle: table facts changed';
const outside = 'batched_drizzle: outside its transaction';

/**
 * An expression that is true in the flight's own transaction and an error anywhere else.
 *
 * If BEGIN fails, the server still runs the statements behind it, each committed by itself; a statement that
 * ends in this guard writes nothing then. It raises, rather than being false, so that a transaction which
 * lost the token (no way is known) would roll back instead of committing without the rows.
 */
export function inFlight(token: string, alsoTrue: readonly string[] = []): string {
  const conditions = [`current_setting('${tokenSetting}', true) = '${token}'`, ...alsoTrue];
  return `case when ${conditions.join(' and ')} then true else ${raise(outside)} end`;
}

/** An error for facts that no longer hold, in the place of a text. */
export const factsChanged = `${raise(changed)}::text`;

export function isFactsChanged(error: unknown): boolean {
  return error instanceof Error && error.message.includes(changed);
}

/** An expression that fails when it is evaluated; `current_user` keeps the planner from doing so ahead of time. */
function raise(message: string): string {
  return `('${message}: ' || current_user)::boolean`;
}
