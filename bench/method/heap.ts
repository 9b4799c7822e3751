import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

const gc = runInNewContext('gc') as (options?: { type: 'minor' | 'major' }) => void;

/** Collects the whole heap; the time that takes grows with the heap. */
export const collectGarbage = () => gc();

/** Collects the young garbage of one side, so that the next side does not have to. */
export const collectYoung = () => gc({ type: 'minor' });

/** The approximate heap size of one object that `make` makes, in bytes. */
export function bytesOf(make: (index: number) => unknown): number {
  const count = 20_000;
  const kept = new Array<unknown>(count).fill(undefined);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < count; index++) kept[index] = make(index);
  collectGarbage();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  // Reading `kept` after the measurement keeps its objects alive until then.
  return kept.length === count ? bytes : Number.NaN;
}
