import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkLimit } from '../../../cli/src/chunk.ts';
import { readBatches } from '../../../cli/src/csv/read-batches.ts';

const options = {
  bytes: { delimiter: 0x2c, quote: 0x22, escape: 0x22 },
  lineEnd: '\n' as const,
  firstLine: 1,
  limit: new ChunkLimit(),
};

test('batches have all bytes, whole records and the line of the first, while the next is read ahead', async () => {
  const record = fc.nat(30).map((length) => `${'y'.repeat(length)}\n`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(record),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(90),
      async (records, by, size) => {
        const all = Buffer.from(records.join(''));
        // One block for all, as a file is read.
        const block = Buffer.alloc(by);
        async function* blocks(): AsyncGenerator<Buffer> {
          for (let at = 0; at < all.length; at += by)
            yield block.subarray(0, all.copy(block, 0, at, Math.min(at + by, all.length)));
        }
        const batches = readBatches(blocks(), { ...options, size });
        const [read, lines]: [Buffer[], number[]] = [[], []];
        for (let next = await batches.next(); !next.done; ) {
          const following = await batches.next();
          read.push(Buffer.from(next.value.bytes));
          lines.push(
            ...next.value.ends.map((_, index) => (next.value as { firstLine: number }).firstLine + index),
          );
          next = following;
        }
        expect(Buffer.concat(read).toString()).toBe(all.toString());
        expect(lines).toEqual(records.map((_, index) => index + 1));
        expect(read.every((bytes) => bytes.at(-1) === 0x0a)).toBe(true);
      },
    ),
    { numRuns: 1_000 },
  );
});
