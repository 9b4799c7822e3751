import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { entryOf, planOf } from '../../support/entries.ts';
import { addresses, logs, users } from '../../support/schema.ts';
import { statementsOf, unguarded, type WriteOptions } from '../../support/written.ts';

const guarded = { token: 'token' };
const own = (entries: readonly Entry[], options: WriteOptions = {}) =>
  statementsOf(planOf(entries), options).map(unguarded);

describe('a lone row', () => {
  test('is what drizzle would send, without the columns that it leaves out', () => {
    expect(own([entryOf(users, { name: 'Ada' }, { returning: [users.id] })])).toEqual([
      ['insert into "users" ("name") values ($1) returning "id"', 'Ada'],
    ]);
  });

  test('that is guarded is selected', () => {
    expect(own([entryOf(users, { id: 7, name: null })], guarded)).toEqual([
      ['insert into "users" ("id", "name") select $1, $2 where …', '7', null],
    ]);
  });

  test('takes its key, or one that it refers to, from the list in the server', () => {
    const user = entryOf(users, { name: 'Ada' });
    const address = entryOf(addresses, { email: 'a', userId: refer(user, 'id', 0) });
    const key = `split_part(current_setting('batched_drizzle.k0'), ',', 1)::int4`;
    expect(own([user, address], guarded)).toEqual([
      [`insert into "users" ("id", "name") select ${key}, $1 where …`, 'Ada'],
      [`insert into "addresses" ("email", "user_id") select $1, ${key} where …`, 'a'],
    ]);
  });

  test('has the key as a parameter where the client has it', () => {
    const user = entryOf(users, { name: 'Ada' });
    const plan = planOf([user, entryOf(addresses, { email: 'a', userId: refer(user, 'id', 0) })]);
    for (const list of plan.lists) list.keys = ['42'];
    const [statement] = statementsOf(plan);
    expect(statement).toMatchObject({
      text: 'insert into "users" ("id", "name") values ($1, $2)',
      params: ['42', 'Ada'],
    });
  });
});

describe('expressions', () => {
  test('stand as they are, their parameters numbered in their place', () => {
    const rows = [{ name: sql`upper(${'a'}) || ${'b'}` }, { id: 7, name: sql`lower(${'C'})` }, {}];
    expect(own([entryOf(users, rows)])).toEqual([
      [
        'insert into "users" ("id", "name") values (default, upper($1) || $2), ($3, lower($4)), (default, default)',
        ...['a', 'b', '7', 'C'],
      ],
    ]);
  });

  test('in the conflict clause and in what is returned come behind all values', () => {
    const entry = entryOf(
      users,
      { name: 'Ada' },
      {
        conflict: sql`("name") do update set "name" = ${'x'}`,
        returning: [sql`upper(${users.name}) || ${'y'}`],
      },
    );
    expect(own([entry])).toEqual([
      [
        'insert into "users" ("name") values ($1) ' +
          'on conflict ("name") do update set "name" = $2 returning upper("name") || $3',
        ...['Ada', 'x', 'y'],
      ],
    ]);
    const places = /select \$1 where .* set "name" = \$(\d+) returning upper\("name"\) \|\| \$(\d+)$/s;
    const [statement] = statementsOf(planOf([entry]), guarded);
    const [, conflict, returned] = places.exec(statement?.text ?? '') ?? [];
    expect([conflict, returned].map((place) => statement?.params[Number(place) - 1])).toEqual(['x', 'y']);
  });
});

test('rows of defaults alone say so for every column, as drizzle does', () => {
  expect(own([entryOf(users, {})])).toEqual([
    ['insert into "users" ("id", "name") values (default, default)'],
  ]);
  expect(own([entryOf(users, [{}, {}])], guarded)).toEqual([
    ['insert into "users" ("id", "name") values (default, default), (default, default)'],
  ]);
});

test('rows of a table that the server does not have are sent as drizzle would, for the server to say so', () => {
  const entries = [
    entryOf(logs, [
      { level: 'a', message: 'b' },
      { level: 'c', message: 'd' },
    ]),
  ];
  const plan = planOf(entries, { facts: new Map([[logs, undefined]]) });
  expect(statementsOf(plan, guarded)).toEqual([
    {
      text: 'insert into "logs" ("level", "message") values ($1, $2), ($3, $4)',
      params: ['a', 'b', 'c', 'd'],
      answer: 'cells',
      guarded: false,
    },
  ]);
});
