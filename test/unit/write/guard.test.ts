import { describe, expect, test } from 'vitest';
import { factsChanged, isFactsChanged } from '../../../src/write/guard.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { users } from '../../support/schema.ts';
import { statementsOf } from '../../support/written.ts';

const returned = () => [entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }], { returning: [users.id] })];
const guardOf = (token?: string) =>
  statementsOf(planOf(returned()), { token })[0]?.text.replace(/.* where (.*) returning .*/, '$1');

describe('the guard of an INSERT', () => {
  test('raises for another table of that name, outside its flight, and where a key is missing', () => {
    expect(guardOf('token')).toBe(
      `case when to_regclass($2)::oid is distinct from $3::oid ` +
        `then ('batched_drizzle: table facts changed: ' || current_user)::boolean ` +
        `when current_setting('batched_drizzle.t', true) = 'token' and cardinality((select a from k0)) = 2 then true ` +
        `else ('batched_drizzle: outside its transaction: ' || current_user)::boolean end`,
    );
  });

  test('is the same without a token but for it', () => {
    const token = `current_setting('batched_drizzle.t', true) = 'token' and `;
    expect(guardOf()).toBe(guardOf('token')?.replace(token, ''));
  });
});

test('an error that says so is known for changed facts, and no other', () => {
  const [, said] = /'([^']*)'/.exec(factsChanged) ?? [];
  expect(isFactsChanged(new Error(`invalid input syntax for type boolean: "${said}app"`))).toBe(true);
  expect(isFactsChanged(new Error('batched_drizzle: outside its transaction: app'))).toBe(false);
  expect(isFactsChanged(said)).toBe(false);
  expect(isFactsChanged(undefined)).toBe(false);
});
