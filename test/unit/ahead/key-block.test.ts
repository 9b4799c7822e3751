import { describe, expect, test } from 'vitest';
import { KeyBlock } from '../../../src/ahead/key-block.ts';
import { tableShape } from '../../../src/drizzle/table.ts';
import { type ColumnFacts, columnFacts } from '../../../src/facts/table-facts.ts';
import { dialect, entryOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { addresses, users } from '../../support/schema.ts';

const shape = tableShape(dialect, users);
const facts = columnFacts(factsOf(users), shape, 0) as ColumnFacts;

function blockOf(keys: readonly string[]): KeyBlock {
  const block = new KeyBlock();
  block.fill(shape, 0, facts, keys);
  return block;
}

describe('a block of keys', () => {
  test('gives each row the next key, and none to a row that has its own', () => {
    const block = blockOf(['1', '3', '5', '7']);
    const entries = [
      entryOf(users, { name: 'a' }),
      entryOf(users, [{ name: 'b' }, { id: 9, name: 'c' }, { name: 'd' }]),
    ];
    for (const entry of [...entries, ...entries]) block.give(entry, 0);
    expect(entries.map((entry) => [0, 1, 2].map((row) => entry.key(row, 0)))).toEqual([
      ['1', undefined, undefined],
      ['3', undefined, '5'],
    ]);
  });

  test('that has not enough for an entry drops what is left, so that keys rise', () => {
    const block = blockOf(['1', '2']);
    const [pair, next] = [entryOf(users, [{}, {}, {}]), entryOf(users, {})];
    block.give(pair, 0);
    block.give(next, 0);
    expect([pair.key(0, 0), next.key(0, 0)]).toEqual([undefined, undefined]);
  });

  test('gives nothing to an insert that gives a value for GENERATED ALWAYS, unless it overrides', () => {
    const rows = [{ id: 5, email: 'a' }, { email: 'b' }];
    const [refused, overriding] = [false, true].map((isOverriding) => {
      const entry = entryOf(addresses, rows, { overriding: isOverriding });
      const block = new KeyBlock();
      const of = tableShape(dialect, addresses);
      block.fill(of, 0, columnFacts(factsOf(addresses), of, 0) as ColumnFacts, ['7', '8']);
      block.give(entry, 0);
      return entry;
    });
    expect([refused?.key(1, 0), overriding?.key(1, 0)]).toEqual([undefined, '7']);
  });

  test('doubles up to 1,024, or is as large as the rows that wait', () => {
    const block = new KeyBlock();
    expect([block.sizeFor(100), block.sizeFor(9_999)]).toEqual([100, 1_024]);
    const sizes = Array.from({ length: 8 }, () => {
      const size = block.sizeFor(0);
      block.fill(shape, 0, facts, ['1']);
      return size;
    });
    expect(sizes).toEqual([16, 32, 64, 128, 256, 512, 1_024, 1_024]);
  });
});
