import type { PgTable } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { addresses, counters, members, nodes, organizations, users, wide } from '../../support/schema.ts';
import { parsedList, statementsOf, unguarded } from '../../support/written.ts';

/** The statement for one table, with a token, and its parameters. */
function written(table: PgTable, entries: readonly Entry[]): unknown[] {
  const plan = planOf(entries);
  const at = plan.chunks.findIndex(({ shape }) => shape.table === table);
  const statement = statementsOf(plan, { token: 'token' })[at];
  return statement ? unguarded(statement) : [];
}

describe('values', () => {
  test('travel as one array a column', () => {
    const entries = [entryOf(users, { id: 1, name: 'Ada' }), entryOf(users, { id: 2, name: null })];
    expect(written(users, entries)).toEqual([
      'insert into "users" ("id", "name") select u.c0, u.c1 ' +
        'from rows from (unnest($1::int4[]), unnest($2::"varchar"[])) as u(c0, c1) where …',
      '{1,2}',
      '{Ada,NULL}',
    ]);
  });

  test('of a column that all rows leave out are not named', () => {
    expect(written(users, [entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }])])).toEqual([
      'insert into "users" ("name") select u.c1 from unnest($1::"varchar"[]) as u(c1) where …',
      '{Ada,Bob}',
    ]);
  });

  test('of user-defined types travel as text and are cast one by one, by name', () => {
    const rows = ['owner', 'reader'].map((role) => ({ teamId: 1, email: 'a', role }));
    expect(written(members, [entryOf(members, rows)])).toEqual([
      'insert into "members" ("team_id", "email", "role") select u.c1, u.c2, u.c3::public.member_role ' +
        'from rows from (unnest($1::int4[]), unnest($2::text[]), unnest($3::text[])) as u(c1, c2, c3) where …',
      '{1,1}',
      '{a,a}',
      '{owner,reader}',
    ]);
  });

  test('that are arrays do, too, since unnest flattens arrays of arrays', () => {
    expect(written(wide, [entryOf(wide, [{ labels: ['a', 'b c'] }, { labels: [] }])])).toEqual([
      'insert into "wide" ("labels") select u.c17::_text from unnest($1::text[]) as u(c17) where …',
      String.raw`{"{\"a\",\"b c\"}","{}"}`,
    ]);
  });

  test('and names that need it are quoted', () => {
    expect(written(counters, [entryOf(counters, [{ value: "it's" }, { value: '$1' }])])).toEqual([
      'insert into "app data"."we""ird" ("va lue") select u.c1 from unnest($1::text[]) as u(c1) where …',
      "{it's,$1}",
    ]);
  });
});

describe('keys that wait in the server', () => {
  test('are a whole list where it has one for every row, in order', () => {
    const entries = ['Ada', 'Bob'].map((name) => entryOf(users, { name }, { returning: [users.name] }));
    expect(written(users, entries)).toEqual([
      `with ${parsedList('k0', 'int4')} insert into "users" ("id", "name") select u.c0, u.c1 ` +
        'from rows from (unnest((select a from k0)), unnest($1::"varchar"[])) as u(c0, c1) where … returning "name", "id"',
      '{Ada,Bob}',
    ]);
  });

  test('stand beside the values of rows that have their own', () => {
    const rows = [{ id: 7, name: 'Ada' }, { name: 'Bob' }];
    expect(written(users, [entryOf(users, rows, { returning: [users.id] })])).toEqual([
      `with ${parsedList('k0', 'int4')} insert into "users" ("id", "name") ` +
        'select case when u.s0 = 0 then u.c0 when u.s0 = 1 then k0.a[u.p0] end, u.c1 ' +
        'from k0, rows from (unnest($1::int4[]), unnest($2::int4[]), unnest($3::int4[]), unnest($4::"varchar"[])) as u(p0, s0, c0, c1) ' +
        'where … returning "id"',
      '{NULL,1}',
      '{0,1}',
      '{7,NULL}',
      '{Ada,Bob}',
    ]);
  });
});

describe('references', () => {
  const parents = () => entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }]);

  test('find their keys by position', () => {
    const user = parents();
    const child = (email: string, row: number) =>
      entryOf(addresses, { email, userId: refer(user, 'id', row) });
    expect(written(addresses, [user, child('a', 1), child('b', 0)])).toEqual([
      `with ${parsedList('k0', 'int4')} insert into "addresses" ("email", "user_id") select u.c1, k0.a[u.p2] ` +
        'from k0, rows from (unnest($1::"varchar"[]), unnest($2::int4[])) as u(c1, p2) where …',
      '{a,b}',
      '{2,1}',
    ]);
  });

  test('stand beside values and NULL', () => {
    const user = parents();
    const rows = [refer(user, 'id', 1), 7, null].map((userId) => ({ email: 'a', userId }));
    expect(written(addresses, [user, entryOf(addresses, rows)])).toEqual([
      `with ${parsedList('k0', 'int4')} insert into "addresses" ("email", "user_id") ` +
        'select u.c1, case when u.s2 = 0 then u.c2 when u.s2 = 1 then k0.a[u.p2] end ' +
        'from k0, rows from (unnest($1::"varchar"[]), unnest($2::int4[]), unnest($3::int4[]), unnest($4::int4[])) as u(c1, p2, s2, c2) where …',
      '{a,a,a}',
      '{2,NULL,NULL}',
      '{1,0,0}',
      '{NULL,7,NULL}',
    ]);
  });

  test('to several tables say which, and are cast to the type of the column', () => {
    const user = parents();
    const organization = entryOf(organizations, [{ name: 'a' }, { name: 'b' }]);
    const rows = [refer(user, 'id', 0), refer(organization, 'id', 1)].map((parentId) => ({
      label: 'a',
      parentId,
    }));
    expect(written(nodes, [user, organization, entryOf(nodes, rows)])).toEqual([
      `with ${parsedList('k0', 'int4')}, ${parsedList('k1', 'int8')} insert into "nodes" ("parent_id", "label") ` +
        'select case when u.s1 = 1 then k0.a[u.p1] when u.s1 = 2 then k1.a[u.p1]::int4 end, u.c2 ' +
        'from k0, k1, rows from (unnest($1::int4[]), unnest($2::int4[]), unnest($3::text[])) as u(p1, s1, c2) where …',
      '{1,2}',
      '{1,2}',
      '{a,a}',
    ]);
  });

  test('in order to all rows of one parent are its whole list', () => {
    const user = parents();
    const rows = [0, 1].map((row) => ({ email: 'a', userId: refer(user, 'id', row) }));
    expect(written(addresses, [user, entryOf(addresses, rows)])).toEqual([
      `with ${parsedList('k0', 'int4')} insert into "addresses" ("email", "user_id") select u.c1, u.c2 ` +
        'from rows from (unnest($1::"varchar"[]), unnest((select a from k0))) as u(c1, c2) where …',
      '{a,a}',
    ]);
  });

  test('of another type than the column are cast, each by itself', () => {
    const organization = entryOf(organizations, [{ name: 'a' }, { name: 'b' }]);
    const rows = [0, 1].map((row) => ({ label: 'a', parentId: refer(organization, 'id', row) }));
    expect(written(nodes, [organization, entryOf(nodes, rows)])).toEqual([
      `with ${parsedList('k0', 'int8')} insert into "nodes" ("parent_id", "label") ` +
        'select k0.a[u.p1]::int4, u.c2 ' +
        'from k0, rows from (unnest($1::int4[]), unnest($2::text[])) as u(p1, c2) where …',
      '{1,2}',
      '{a,a}',
    ]);
  });
});

test('keys that the client has travel as values', () => {
  const user = entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }]);
  const rows = [refer(user, 'id', 1), 7].map((userId) => ({ email: 'a', userId }));
  const plan = planOf([user, entryOf(addresses, rows)]);
  for (const each of plan.lists) each.keys = ['41', '42'];
  const shown = statementsOf(plan, { token: 'token' }).map(unguarded);
  expect(shown).toEqual([
    [
      'insert into "users" ("id", "name") select u.c0, u.c1 ' +
        'from rows from (unnest($1::int4[]), unnest($2::"varchar"[])) as u(c0, c1) where …',
      '{41,42}',
      '{Ada,Bob}',
    ],
    [
      'insert into "addresses" ("email", "user_id") select u.c1, u.c2 ' +
        'from rows from (unnest($1::"varchar"[]), unnest($2::int4[])) as u(c1, c2) where …',
      '{a,a}',
      '{42,7}',
    ],
  ]);
});
