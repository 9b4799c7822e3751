import { describe, expect, test } from 'vitest';
import { factsChanged, isStale } from '../../../src/write/raise.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { users } from '../../support/schema.ts';
import { guardOf, statementsOf } from '../../support/written.ts';

const returned = () => [entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }], { returning: [users.id] })];
const [own, without] = ['token', undefined].map((token) => {
  const [statement] = statementsOf(planOf(returned()), { token });
  return { text: statement && guardOf(statement), params: statement?.params.slice(1) };
});

describe('the guard of an INSERT', () => {
  test('raises for another table of that name or other columns, outside its flight, and where a key is missing', () => {
    expect(own?.text).toBe(
      `case when (to_regclass($2)::oid = $3::oid and ` +
        `(select string_agg(t.attnum::text || ':' || t.atttypid::text, ',' order by t.attnum) from pg_attribute t ` +
        `where t.attrelid = $3::oid and t.attnum > 0 and not t.attisdropped) = $4) is not true ` +
        `then ('batched_drizzle: table facts changed: ' || current_user::text)::boolean ` +
        `when current_setting('batched_drizzle.t', true) = 'token' and cardinality((select a from k0)) = 2 then true ` +
        `else ('batched_drizzle: outside its transaction: ' || current_user::text)::boolean end`,
    );
    const { oid, types } = factsOf(users);
    expect(own?.params).toEqual(['"users"', oid, types]);
  });

  test('does not look at the columns of a table that the flight has locked', () => {
    const [shape] = returned().map((entry) => entry.shape);
    const [statement] = statementsOf(planOf(returned()), {
      token: 'token',
      locked: new Set(shape && [shape]),
    });
    expect(statement && guardOf(statement)).toMatch(
      /^case when \(to_regclass\(\$2\)::oid = \$3::oid\) is not true then .* when current_setting/,
    );
    expect(statement?.params.slice(1)).toEqual(own?.params?.slice(0, 2));
  });

  test('is the same without a token but for it', () => {
    const token = `current_setting('batched_drizzle.t', true) = 'token' and `;
    expect(without?.text).toBe(own?.text?.replace(token, ''));
  });
});

test('an error that says so is known for changed facts, and no other', () => {
  const [, said] = /'([^']*)'/.exec(factsChanged) ?? [];
  expect(isStale(new Error(`invalid input syntax for type boolean: "${said}app"`))).toBe(true);
  expect(isStale(new Error('batched_drizzle: outside its transaction: app'))).toBe(false);
  expect(isStale(said)).toBe(false);
  expect(isStale(undefined)).toBe(false);
});

test('what may be stale is that, or a type or a column that is not there any more', () => {
  const coded = (code: string) => Object.assign(new Error('no'), { code });
  expect(['42703', '42704', '42804'].map((code) => isStale(coded(code)))).toEqual([true, true, true]);
  expect(isStale(new Error(`"batched_drizzle: table facts changed: app"`))).toBe(true);
  expect([coded('23505'), new Error('no'), undefined].map(isStale)).toEqual([false, false, false]);
});
