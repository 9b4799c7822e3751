import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

const gc = runInNewContext('gc') as (options?: { type: 'minor' | 'major' }) => void;

/** All of it, which takes as long as the heap is large. */
export const collectGarbage = () => gc();

/** What one side has just left behind is not for the next one to clean up. */
export const collectYoung = () => gc({ type: 'minor' });

/** Roughly what one of the things that `make` makes keeps of the heap, in bytes. */
export function bytesOf(make: (index: number) => unknown): number {
  const count = 20_000;
  const kept = new Array<unknown>(count).fill(undefined);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < count; index++) kept[index] = make(index);
  collectGarbage();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  // Looked at afterwards, so that nothing is collected before.
  return kept.length === count ? bytes : Number.NaN;
}
