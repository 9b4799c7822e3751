/** What comes before the code that writes has been read waits for it, in the order of the calls. */
import type { FlushContext } from '../context.ts';
import { LatePart } from '../flush/late-part.ts';
import { atEndOfTurn } from '../take/schedule.ts';

export const writing = new LatePart(() => import('./writing.ts'));

type Writing = typeof import('./writing.ts');

/** How many wait, and when the last of them has begun. */
let waiting = 0;
let lastBegun: Promise<unknown> = Promise.resolve();

/**
 * Runs a transaction of the database, or a flush.
 *
 * @param failed makes the result if the code can't be read. Default: that error is the result
 */
export function writeInOrder<T>(
  context: FlushContext,
  work: (part: Writing) => Promise<T>,
  failed?: (error: unknown) => T,
): Promise<T> {
  const { read } = writing;
  return read && waiting === 0 ? work(read) : inLine(context, () => writing.use(work, failed));
}

/** Executes a statement of the database: behind what waits, since it could take the only connection of a pool ahead of that. */
export function executeInOrder<T>(context: FlushContext, execute: () => Promise<T>): Promise<T> {
  return waiting === 0 ? execute() : inLine(context, execute);
}

async function inLine<T>({ driver }: FlushContext, work: () => Promise<T>): Promise<T> {
  // The client must not end before it is asked for a connection.
  const begun = driver.ending?.begin();
  const ahead = lastBegun;
  let begin!: () => void;
  lastBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  waiting += 1;
  await ahead;
  await writing.reading().catch(() => {});
  try {
    return work();
  } finally {
    // An insert asks for its connection some promise jobs later.
    atEndOfTurn(() => {
      waiting -= 1;
      begun?.();
      begin();
    });
  }
}
