import type { FlushContext } from '../context.ts';
import { isCommitLost } from '../driver/errors.ts';
import type { ReportBuilder } from '../report.ts';
import { sendLogged } from '../send/send-logged.ts';
import type { Refusal } from '../settle/failures.ts';
import type { FlushTarget } from './target.ts';

/** Commits by a flight of its own. */
export async function commitApart(
  context: FlushContext,
  { connection }: FlushTarget,
  report: ReportBuilder,
): Promise<Refusal | undefined> {
  if (!connection) throw new Error('a transaction without a connection can not be committed');
  const { commitError, isCommitSent } = await sendLogged(context, connection, [], 'commit', report);
  if (!commitError) return undefined;
  const isUnknown = isCommitSent && isCommitLost(context.driver.errors, commitError);
  return { error: commitError, isUnknown, isOfCommit: true };
}
