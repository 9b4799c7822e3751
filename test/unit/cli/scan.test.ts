import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scan } from '../../../cli/src/csv/scan.ts';

const [quote, separator] = [0x22, 0x0a];

function endsOf(blocks: readonly Buffer[]): { ends: number[]; isQuoted: boolean } {
  const scan = new Scan({ quote, escape: quote });
  const ends: number[] = [];
  let base = 0;
  for (const block of blocks) {
    scan.addEnds(block, separator, base, ends);
    base += block.length;
  }
  return { ends, isQuoted: scan.isQuoted };
}

/** By definition: a line end counts if an even number of quotes is before it. */
function expected(text: string): { ends: number[]; isQuoted: boolean } {
  let isQuoted = false;
  const ends: number[] = [];
  for (const [at, character] of [...text].entries()) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === '\n' && !isQuoted) ends.push(at + 1);
  }
  return { ends, isQuoted };
}

/** Blocks with few quotes and line ends, which are jumped to, and with many, which are looked at one by one. */
const block = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('"', '\n', '""', '"\n"') },
      { weight: 3, arbitrary: fc.nat(60).map((length) => 'x'.repeat(length)) },
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

test('finds the same ends of records, however the bytes are cut into blocks', () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 6 }), (texts) => {
      expect(endsOf(texts.map((text) => Buffer.from(text)))).toEqual(expected(texts.join('')));
    }),
    { numRuns: 2_000 },
  );
});
