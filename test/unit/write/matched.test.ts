import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/take/entry.ts';
import { doNothing, doUpdate, type EntryOptions, entryOf, planOf } from '../../support/entries.ts';
import { factsOf, withColumn } from '../../support/facts.ts';
import { users } from '../../support/schema.ts';
import { guardOf, parsedList, statementsOf, unguarded } from '../../support/written.ts';

const list = parsedList('k0', 'int4');
const id = sql`excluded.id`;
const idFacts = withColumn(factsOf(users), 'id', { keys: null, unique: null });
const facts = new Map([[users, withColumn(idFacts, 'name', { unique: 'character varying(50)' })]]);
const two = (options: EntryOptions): Entry[] => ['a', 'b'].map((name) => entryOf(users, { name }, options));

describe('an INSERT with a conflict clause for several callers', () => {
  test('joins what it has written with what it was given, by the key that each row was to have', () => {
    const entries = two({ conflict: doNothing(), returning: [users.name] });
    const [statement] = statementsOf(planOf(entries), { token: 'token' });
    expect(statement && unguarded(statement)).toEqual([
      `with ${list}, ` +
        's as materialized (select u.o, u.c0 as c0, u.c1 as c1 ' +
        'from rows from (unnest((select a from k0)), unnest($1::"varchar"[])) with ordinality as u(c0, c1, o)), ' +
        'w as (insert into "users" ("id", "name") select s.c0, s.c1 from s where … order by s.o ' +
        'on conflict do nothing returning "id", "name"), ' +
        'm as (select min(s.o) as o, s.c0::int4 as m0 from s group by m0) ' +
        'select m.o::int4 as "batched_drizzle.o", (select count(*) from w)::int4 as "batched_drizzle.n", w."name" ' +
        'from w left join m on w."id" = m.m0',
      '{a,b}',
    ]);
    expect(statement && guardOf(statement)).toContain('cardinality((select a from k0)) = 2');
    expect(statement?.guarded).toBe(true);
  });

  test('by the target as its column holds it, each value of which stands there once', () => {
    const conflict = doUpdate([users.name], [users.id, id], { setWhere: sql`true` });
    const [statement] = statementsOf(planOf(two({ conflict }), { facts }));
    expect(statement && unguarded(statement)[0]).toBe(
      'with s as materialized (select u.o, u.c1 as c1 ' +
        'from unnest($1::"varchar"[]) with ordinality as u(c1, o)), ' +
        'w as (insert into "users" ("name") select s.c1 from s where … order by s.o ' +
        'on conflict ("name") do update set "id" = excluded.id where true returning "name"), ' +
        'm as (select s.o, s.c1::character varying(50) as m0 from s) ' +
        'select m.o::int4 as "batched_drizzle.o", (select count(*) from w)::int4 as "batched_drizzle.n" ' +
        'from w left join m on w."name" = m.m0',
    );
  });

  test('has nothing to join where all of its rows are written and nobody asks for them', () => {
    const [statement] = statementsOf(
      planOf(two({ conflict: doUpdate([users.name], [users.id, id]) }), { facts }),
    );
    expect(statement && unguarded(statement)[0]).toBe(
      'insert into "users" ("name") select u.c1 from unnest($1::"varchar"[]) as u(c1) where … ' +
        'on conflict ("name") do update set "id" = excluded.id',
    );
  });
});
