import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../src/driver/statement.ts';
import { readKeys } from '../../../src/settle/read-keys.ts';
import type { KeyList } from '../../../src/take/key-run.ts';
import { settingOf } from '../../../src/write/kept-keys.ts';
import { haltQuery, keyQuery } from '../../../src/write/key-query.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { factsOf } from '../../support/facts.ts';
import { readableSql } from '../../support/readable-sql.ts';
import { addresses, events, users } from '../../support/schema.ts';

const returned = { returning: [users.id] };
const { lists } = planOf([
  entryOf(users, [{ name: 'a' }, { name: 'b' }, { name: 'c' }], returned),
  entryOf(addresses, [{ email: 'a' }, { email: 'b' }], returned),
  entryOf(events, [{ kind: 'a' }, { kind: 'b' }], returned),
]);
const [sequence, identity, uuid] = lists as [KeyList, KeyList, KeyList];
const facts = [['"users"', factsOf(users)] as const];

/** The SQL on one line, without the schema of PostgreSQL's own names. */
const text = (statement: { text: string }) => readableSql(statement.text);
const rangeOrList = `case when min(k - n) = max(k - n) then min(k)::text || ':' || max(k)::text else array_to_string(array_agg(k), ',') end`;
const answerOf = (...row: unknown[]): Answer => Object.assign([row], { count: 1, command: 'SELECT' });

describe('keyQuery', () => {
  test('takes the keys of an identity column or a serial from their sequence, returns them and keeps them', () => {
    for (const [list, size] of [
      [identity, '2'],
      [sequence, '3'],
    ] as const) {
      const query = keyQuery({ lists: [list], facts: [], token: 'token' });
      expect(text(query)).toBe(
        `select set_config('batched_drizzle.t', 'token', true), set_config('${settingOf(list)}', ` +
          `array_to_string(array(select nextval($2::regclass) from generate_series(1, $1::int4)), ','), true)`,
      );
      expect(query.params).toEqual([size, '16385']);
    }
  });

  test('tells of many keys that are consecutive by the first and the last one', () => {
    const query = keyQuery({ lists: [{ ...sequence, size: 10_000 }], facts: [], token: 'token' });
    expect(text(query)).toBe(
      `select set_config('batched_drizzle.t', 'token', true), set_config('batched_drizzle.k0', ` +
        `(select ${rangeOrList} from (select nextval($2::regclass) k, n from generate_series(1, $1::int4) n) s), true)`,
    );
    expect(query.params).toEqual(['10000', '16385']);
  });

  test('makes uuids by the function of their default', () => {
    const query = keyQuery({ lists: [uuid], facts: [], token: 'token' });
    expect(text(query)).toContain(
      `array_to_string(array(select gen_random_uuid() from generate_series(1, $1::int4)), ',')`,
    );
    expect(query.params).toEqual(['2']);
  });

  test('keeps nothing where it has no token, and returns the keys alike', () => {
    const query = keyQuery({ lists: [uuid], facts: [], token: undefined });
    expect(text(query)).toBe(
      `select '', array_to_string(array(select gen_random_uuid() from generate_series(1, $1::int4)), ',')`,
    );
  });

  test('raises where a table or the role is no longer that of the facts, before it marks anything', () => {
    const query = keyQuery({
      lists: [],
      facts: [...facts, ['"addresses"', factsOf(addresses, { oid: '7' })]],
      token: 'token',
    });
    const isSame = (name: string, oid: string) =>
      `case when pg_relation_size(${oid}::oid, 'init') >= 0 then to_regclass(${name})::oid = ${oid}::oid ` +
      `and concat(row_security_active(${oid}::oid), has_table_privilege(${oid}::oid, 'SELECT'), has_table_privilege(${oid}::oid, 'INSERT'), current_setting('array_nulls')) = 'ftton' end`;
    const [before, after] = text(query).split(/ and \(select .* '7' then /);
    expect(before).toBe(
      `select case when ${isSame('$1', '$2')} and ${isSame('$3', '$4')} and current_user::text = all ($5::text[])`,
    );
    expect(after).toBe(
      `set_config('batched_drizzle.t', 'token', true) ` +
        `else ('batched_drizzle: table facts changed: ' || current_user::text)::boolean::text end`,
    );
    expect(query.params).toEqual(['"users"', '16384', '"addresses"', '7', '{app}', '{16384}']);
  });

  test('compares each watched object once, and of each kind only what there is', () => {
    const state = (relation: string, hash: string, domains: Record<string, string>) => ({
      ...factsOf(users).state,
      relations: { [relation]: hash, 9: '-3' },
      domains,
    });
    const query = keyQuery({
      lists: [],
      facts: [
        ['"users"', factsOf(users, { state: state('16384', '10', { 5: '100' }) })],
        ['"addresses"', factsOf(addresses, { oid: '7', state: state('7', '1000', { 5: '100' }) })],
      ],
      token: 'token',
    });
    expect(text(query)).toContain(") = '1107' then");
    expect(query.params.slice(5)).toEqual(['{9,16384,7}', '{5}']);
    expect(query.text).toContain('pg_type');
    expect(query.text).not.toContain('pg_policy');
  });

  test('raises where its pipeline was halted, and compares nothing else without facts', () => {
    const query = keyQuery({ lists: [], facts: [], token: 'token', pipeline: 'of all' });
    expect(text(query)).toBe(
      `select case when (current_setting('batched_drizzle.h', true) = 'of all') is not true ` +
        `then set_config('batched_drizzle.t', 'token', true) ` +
        `else ('batched_drizzle: table facts changed: ' || current_user::text)::boolean::text end`,
    );
  });

  test('takes all lists in their order, each parameter in its place', () => {
    const query = keyQuery({ lists, facts, token: 'token' });
    expect(query.params).toEqual(['"users"', '16384', '{app}', '{16384}', '3', '16385', '2', '16385', '2']);
    const settings = [...query.text.matchAll(/set_config\('([^']*)'/g)].map(([, name]) => name);
    expect(settings).toEqual(['batched_drizzle.t', ...lists.map(settingOf)]);
    const places = [...query.text.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place));
    expect([...new Set(places)].toSorted((a, b) => a - b)).toEqual(query.params.map((_, index) => index + 1));
  });

  test('is read in the bytes of the wire, which no transform of the client alters', () => {
    expect(keyQuery({ lists, facts, token: 'token' })).toMatchObject({ answer: 'raw', guarded: true });
  });
});

test('haltQuery halts a pipeline for the session if a table has changed, and takes no lock', () => {
  const query = haltQuery(facts, 'of all');
  expect(text(query)).toMatch(
    /^select case when \(to_regclass\(\$1\)::oid = \$2::oid and .*\) is not true then set_config\('batched_drizzle.h', 'of all', false\) end$/,
  );
  expect(query.text).not.toContain('pg_relation_size');
  expect(query).toMatchObject({ answer: 'raw', guarded: true });
});

describe('readKeys', () => {
  const sized = (size: number, name: string): KeyList => ({ ...sequence, size, name });
  const keysOf = ({ keys, size }: KeyList) => Array.from({ length: size }, (_, index) => keys?.at(index));
  const mismatch = expect.objectContaining({ code: 'MISMATCHED_ANSWER' });

  test('gives each list its own keys, in order', () => {
    const keys = fc.array(fc.array(fc.bigInt().map(String), { minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(keys, (sent) => {
        const asked = sent.map((list, index) => sized(list.length, `k${index}`));
        const row = sent.map((list) => Buffer.from(list.join()));
        readKeys(asked, answerOf(Buffer.from('t'), ...row));
        expect(asked.map(keysOf)).toEqual(sent);
      }),
    );
  });

  test('has keys that follow one another told by the first and the last, however large or negative', () => {
    const range = fc.record({
      first: fc.oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 62n }),
        fc.constantFrom(2n ** 53n - 3n, -2n, 0n),
      ),
      size: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(range, { minLength: 1 }), (ranges) => {
        const asked = ranges.map(({ size }, index) => sized(size, `k${index}`));
        const row = ranges.map(({ first, size }) => Buffer.from(`${first}:${first + BigInt(size) - 1n}`));
        readKeys(asked, answerOf(Buffer.from('t'), ...row));
        expect(asked.map(keysOf)).toEqual(
          ranges.map(({ first, size }) =>
            Array.from({ length: size }, (_, index) => String(first + BigInt(index))),
          ),
        );
      }),
    );
  });

  test('reads ranges and lists side by side, each as it came', () => {
    const asked = [sized(3, 'k0'), sized(2, 'k1'), sized(1, 'k2')];
    readKeys(asked, answerOf('t', '-1:1', '9,7', '5:5'));
    expect(asked.map(keysOf)).toEqual([['-1', '0', '1'], ['9', '7'], ['5']]);
  });

  test.each([
    ['too few', '1,2'],
    ['a range that is too short', '1:2'],
    ['one that is too long', '1:4'],
    ['one that falls', '3:1'],
    ['one whose ends are not read', '1:'],
    ['too many', '1,2,3,4'],
    ['an empty one among them', '1,,3'],
    ['none', ''],
    ['NULL', null],
  ])('refuses %s', (_, keys) => {
    expect(() => readKeys([sized(3, 'k0')], answerOf('t', keys))).toThrow(mismatch);
  });

  test('refuses an empty answer, also where one key was asked for', () => {
    for (const answer of [
      answerOf('t', ''),
      answerOf('t', null),
      answerOf('t'),
      Object.assign(answerOf(), { length: 0 }),
    ])
      expect(() => readKeys([sized(1, 'k0')], answer)).toThrow(mismatch);
  });

  test('says what would have been mis-assigned', () => {
    expect(() => readKeys([sized(3, 'k0')], answerOf('t', '1,2'))).toThrow(
      `3 keys of "users".id asked for, 2 came; rows would have been given others' keys`,
    );
  });
});
