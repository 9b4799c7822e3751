/** What comes before the code that writes has been read waits for it, in the order of the calls. */
import type { FlushContext } from '../context.ts';
import { LatePart } from '../flush/late-part.ts';

export const writing = new LatePart(() => import('./writing.ts'));

type Writing = typeof import('./writing.ts');

/** Runs a transaction. */
export function transact<T>(context: FlushContext, work: (part: Writing) => Promise<T>): Promise<T> {
  return writing.read ? work(writing.read) : begunBeforeEnd(context, writing.use(work));
}

/** Executes a statement of the database, which could take the only connection of a pool ahead of a transaction. */
export function behindTransactions<T>(context: FlushContext, execute: () => Promise<T>): Promise<T> {
  return writing.isAwaited ? begunBeforeEnd(context, writing.reading().then(execute, execute)) : execute();
}

/** The client is not ended before what waits has asked for a connection. */
function begunBeforeEnd<T>({ driver }: FlushContext, waiting: Promise<T>): Promise<T> {
  const begun = driver.ending?.begin();
  if (begun) writing.reading().then(begun, begun);
  return waiting;
}
