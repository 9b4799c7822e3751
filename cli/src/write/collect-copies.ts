import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;

/**
 * Frees the copies that postgres.js makes of each piece of the data. V8 itself would wait until 30 MB of them are there, and
 * their memory would be that of new pages each time. It takes a millisecond.
 */
export function collectCopies(): void {
  collect ??= exposedGc();
  collect({ type: 'minor' });
}

function exposedGc(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('typeof gc === "function" ? gc : () => {}');
}
