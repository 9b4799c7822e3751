import { describe, expect, test } from 'vitest';
import { haltAhead, haltableToken } from '../../../src/bisect/halt-ahead.ts';
import type { PipelinedTransaction } from '../../../src/bisect/write-transaction.ts';
import { entryOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { addresses, users } from '../../support/schema.ts';

const user = entryOf(users, { name: 'a' });
const address = entryOf(addresses, { email: 'a' });

function transaction(entry: typeof user, isCompared: boolean): PipelinedTransaction {
  const compared = isCompared ? [[entry.shape.name, factsOf(entry.shape.table)] as const] : [];
  const read = () => ({ outcomes: [] });
  return { entry, compared, statements: [], fitsPipeline: true, read };
}

const compares = (entry: typeof user) => transaction(entry, true);
const compareNot = (entry: typeof user) => transaction(entry, false);

describe('a pipeline is compared ahead', () => {
  test.each([
    ['if a transaction of another table follows one that compares', [compares(user), compareNot(address)], 1],
    ['also behind others', [compareNot(address), compares(user), compareNot(address)], 1],
    ['with the tables of all that compare', [compares(user), compares(address)], 2],
  ] as const)('%s', (_, transactions, tables) => {
    const [query, ...more] = haltAhead(transactions, 'token');
    expect(more).toEqual([]);
    expect(query?.text.match(/to_regclass/g)?.length).toBe(tables);
    expect(query?.text).toMatch(/set_config\('batched_drizzle\.h', 'token', false\)/);
  });

  test.each([
    ['if none compares', [compareNot(user), compareNot(address)]],
    ['if those that compare come last', [compareNot(address), compares(user), compares(user)]],
    ['if it has one table', [compares(user), compares(user)]],
    ['if it is empty', []],
  ] as const)('and not %s', (_, transactions) => {
    expect(haltAhead(transactions, 'token')).toEqual([]);
  });

  test('and not if its order does not count', () => {
    expect(haltAhead([compares(user), compareNot(address)], undefined)).toEqual([]);
  });
});

test('a pipeline of one table has no token', () => {
  expect(haltableToken([user, user])).toBeUndefined();
  expect(haltableToken([])).toBeUndefined();
  expect(haltableToken([user, address])).toEqual(expect.any(String));
});
