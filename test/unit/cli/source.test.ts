import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openSource } from '../../../cli/src/source.ts';

test('a signal ends the waiting for a stdin that has given nothing yet', async () => {
  const controller = new AbortController();
  const { bytes } = openSource(undefined, new PassThrough(), controller.signal);
  const first = bytes[Symbol.asyncIterator]().next();
  controller.abort('enough');
  await expect(first).rejects.toBe('enough');
});
