import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;

/**
 * Frees the copies that postgres.js makes of each piece of the data. V8 itself would wait until many of them are there,
 * and each would take new memory.
 */
export function collectCopies(): void {
  collect ??= exposedGc();
  collect({ type: 'minor' });
}

function exposedGc(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('typeof gc === "function" ? gc : () => {}');
}
