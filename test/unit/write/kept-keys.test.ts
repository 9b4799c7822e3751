import { expect, test } from 'vitest';
import type { KeyList } from '../../../src/take/key-run.ts';
import { keptKey, keptKeys } from '../../../src/write/kept-keys.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { readableSql } from '../../support/readable-sql.ts';
import { events, users } from '../../support/schema.ts';

const [drawn, random] = planOf([
  entryOf(users, [{ name: 'a' }, { name: 'b' }], { returning: [users.id] }),
  entryOf(events, [{ kind: 'a' }, { kind: 'b' }], { returning: [events.id] }),
]).lists as [KeyList, KeyList];
const kept = (list: KeyList) => `current_setting('batched_drizzle.${list.name}')`;

test('few keys are listed, and so are uuids', () => {
  expect(readableSql(keptKeys(drawn))).toBe(`(select string_to_array(${kept(drawn)}, ',')::int4[] as a)`);
  expect(readableSql(keptKey(drawn, 2))).toBe(`split_part(${kept(drawn)}, ',', 2)::int4`);
  const many = { ...random, size: 10_000 };
  expect(readableSql(keptKeys(many))).toBe(`(select string_to_array(${kept(many)}, ',')::uuid[] as a)`);
});

test('many keys may be their first and their last one', () => {
  const many = { ...drawn, size: 10_000 };
  expect(readableSql(keptKeys(many))).toBe(
    `(select case when s ~~ '%:%' ` +
      `then array(select generate_series(split_part(s, ':', 1)::int8, split_part(s, ':', 2)::int8))::int4[] ` +
      `else string_to_array(s, ',')::int4[] end as a from ${kept(many)} s)`,
  );
  expect(readableSql(keptKey(many, 2))).toBe(
    `case when ${kept(many)} ~~ '%:%' then (split_part(${kept(many)}, ':', 1)::int8 + 1)::int4 ` +
      `else split_part(${kept(many)}, ',', 2)::int4 end`,
  );
});
