import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchRowsByOrdinal, matchRowsBySentinel } from '../../../src/settle/match-rows.ts';

interface Returned {
  readonly id: string;
}

const rowsOf = (ids: readonly string[]): Returned[] => ids.map((id) => ({ id }));
const pair = (sent: readonly string[], returned: readonly Returned[]) =>
  matchRowsBySentinel('"users"', sent, returned, ({ id }) => id);

const ids = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 20 });
const idsAndShuffled = ids.chain((sent) =>
  fc.tuple(fc.constant(sent), fc.shuffledSubarray(sent, { minLength: sent.length })),
);
const mismatch = expect.objectContaining({ code: 'MISMATCHED_ANSWER' });

test('in whatever order rows come back, each goes to the row that was sent', () => {
  fc.assert(
    fc.property(idsAndShuffled, ([sent, shuffled]) => {
      const returned = rowsOf(shuffled);
      const paired = pair(sent, returned);
      expect(paired.map(({ id }) => id)).toEqual(sent);
      expect(paired.every((row) => returned.includes(row))).toBe(true);
    }),
  );
});

test('nothing is paired where a row is missing, foreign, returned twice or one too many', () => {
  fc.assert(
    fc.property(idsAndShuffled, fc.nat(), ([sent, shuffled], at) => {
      const [some = ''] = shuffled.splice(at % shuffled.length, 1);
      const foreign = `${sent.join('')} and more`;
      expect(() => pair(sent, rowsOf(shuffled))).toThrow(mismatch);
      expect(() => pair(sent, rowsOf([...shuffled, foreign]))).toThrow(mismatch);
      expect(() => pair(sent, rowsOf([...shuffled, some, some]))).toThrow(mismatch);
      expect(() => pair(sent, rowsOf([...shuffled, some, foreign]))).toThrow(mismatch);
      if (shuffled[0] !== undefined)
        expect(() => pair(sent, rowsOf([...shuffled, shuffled[0] ?? '']))).toThrow(mismatch);
    }),
  );
});

test('nor where two rows were sent that nothing tells apart', () => {
  expect(() => pair(['1', '1'], rowsOf(['1', '1']))).toThrow(mismatch);
  expect(() => pair(['1', '1'], rowsOf(['1']))).toThrow(mismatch);
  expect(() => pair(['1', '1'], rowsOf(['1', '2']))).toThrow(mismatch);
});

test('the error says what would have been mis-assigned', () => {
  expect(() => pair(['1', '2'], rowsOf(['1', '3']))).toThrow(
    `"users": 2 rows sent, 2 returned, 1 recognised; callers would have been given others' rows`,
  );
});

const placed = fc
  .tuple(fc.nat({ max: 20 }), fc.infiniteStream(fc.boolean()))
  .map(([sent, written]) => ({
    sent,
    places: Array.from({ length: sent }, (_, index) => index + 1).filter(() => written.next().value),
  }))
  .chain(({ sent, places }) =>
    fc.record({
      sent: fc.constant(sent),
      shuffled: fc.shuffledSubarray(places, { minLength: places.length }),
    }),
  );
const answerOf = (places: readonly unknown[], written = places.length) =>
  places.map((place) => [place, written, `row ${place}`]);

test('rows that tell the places of their sources go there, and those left out leave a gap', () => {
  fc.assert(
    fc.property(placed, ({ sent, shuffled }) => {
      const paired = matchRowsByOrdinal('"users"', sent, answerOf(shuffled), false);
      expect(paired).toHaveLength(sent);
      for (const [index, row] of paired.entries()) {
        if (shuffled.includes(index + 1)) expect(row?.[2]).toBe(`row ${index + 1}`);
        else expect(row).toBeUndefined();
      }
    }),
  );
});

test.each<[string, unknown[][], boolean?]>([
  ['a place comes twice', answerOf([1, 1])],
  ['a row has no source', answerOf([1, null])],
  ['a place is none that was sent', answerOf([1, 4])],
  ['a place can not be read', answerOf(['one'])],
  ['another number of rows was written', answerOf([1, 2], 3)],
  ['a row was left out that may not be', answerOf([1, 2]), true],
])('nothing is paired where %s', (_, answer, isComplete = false) => {
  expect(() => matchRowsByOrdinal('"users"', 3, answer, isComplete)).toThrow(mismatch);
});
