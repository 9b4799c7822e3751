import { type SQL, sql } from 'drizzle-orm';
import {
  boolean,
  char,
  customType,
  doublePrecision,
  integer,
  numeric,
  type PgColumn,
  type PgTable,
  pgTable,
  serial,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { createShared, createTargets, parted, partial } from '../support/conflict-tables.ts';
import { compareConflicts } from '../support/conflicts.ts';
import { driver } from '../support/drivers/chosen.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const keyed = pgTable('keyed', {
  id: serial('id').primaryKey(),
  name: text('name').unique(),
  n: integer('n').unique(),
  twice: integer('twice').generatedAlwaysAs(sql`n * 2`),
});
const always = pgTable('always', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').unique(),
});
const tokens = pgTable('client_keyed', { id: uuid('id').primaryKey(), label: text('label').unique() });
const kind = customType<{ data: string }>({ dataType: () => '"a kind"' });
const short = customType<{ data: string }>({ dataType: () => 'short' });
/** Tables without generated keys, one for each type of the conflict target. */
const byType = {
  char: pgTable('by_char', { a: char('a', { length: 4 }), n: integer('n') }),
  numeric: pgTable('by_numeric', { a: numeric('a', { precision: 6, scale: 2 }), n: integer('n') }),
  timestamp: pgTable('by_timestamp', {
    a: timestamp('a', { precision: 0, mode: 'string' }),
    n: integer('n'),
  }),
  varchar: pgTable('by_varchar', { a: varchar('a', { length: 3 }), n: integer('n') }),
  float: pgTable('by_float', { a: doublePrecision('a'), n: integer('n') }),
  uuid: pgTable('by_uuid', { a: uuid('a'), n: integer('n') }),
  integer: pgTable('by_integer', { a: integer('a'), n: integer('n') }),
  enum: pgTable('by_enum', { a: kind('a'), n: integer('n') }),
  domain: pgTable('by_domain', { a: short('a'), n: integer('n') }),
  boolean: pgTable('by_boolean', { a: boolean('a'), n: integer('n') }),
};
const pairs = pgTable('pairs', { a: integer('a'), b: text('b'), n: integer('n') });
const caseless = pgTable('caseless', { a: text('a'), n: integer('n') });
const caselessIndex = pgTable('caseless_index', { a: text('a'), n: integer('n') });
const loose = pgTable('loose', { a: numeric('a') });
const noticed = pgTable('noticed', { id: serial('id'), a: integer('a') });
const secured = pgTable('secured', { id: serial('id'), a: integer('a') });
const w = pgTable('w', { o: integer('o'), m: serial('m') });

const setUp = [
  ...createShared,
  'create table keyed (id serial primary key, name text unique, n int unique, twice int generated always as (n * 2) stored)',
  'create table always (id int primary key generated always as identity, name text unique)',
  'create table client_keyed (id uuid primary key, label text unique)',
  `create type "a kind" as enum ('x', 'y', 'z')`,
  'create domain short as varchar(3) check (length(value) > 0)',
  ...createTargets(Object.values(byType)),
  'create table pairs (a int, b text, n int, unique (a, b))',
  'create table caseless (a text collate blind unique, n int)',
  'create table caseless_index (a text, n int)',
  'create unique index on caseless_index (a collate blind)',
  'create table loose (a numeric unique)',
  'create table noticed (id serial, a int unique)',
  'create function notice() returns trigger language plpgsql as $$ begin new.a := abs(new.a); return new; end $$',
  'create trigger notice before insert on noticed for each row execute function notice()',
  'create table secured (id serial, a int unique)',
  'alter table secured enable row level security',
  'create policy small on secured using (a < 2) with check (true)',
  'create table w (o int unique, m serial)',
];
const all = [keyed, always, tokens, ...Object.values(byType), pairs, partial, caseless, caselessIndex];
const tables = [...all, loose, noticed, secured, parted, w];
const conflicts = compareConflicts(database, setUp, tables);
const { expectSame, expectSameAs, expectSameOutside } = conflicts;

const hundred = Array.from({ length: 100 }, (_, n) => n);

describe('do nothing', () => {
  test('is one INSERT for a hundred; a row that was skipped gives its caller []', async () => {
    const results = await expectSame(
      keyed,
      [{ name: '3' }, { name: '50' }],
      (tx) =>
        hundred.map((n) =>
          tx
            .insert(keyed)
            .values({ name: `${n}` })
            .onConflictDoNothing({ target: keyed.name })
            .returning(),
        ),
      1,
    );
    expect(results.filter((rows) => (rows as unknown[]).length === 0)).toHaveLength(2);
    expect([results[3], results[50]]).toEqual([[], []]);
  });

  test("counts each caller's own rows where nobody asks for them", async () => {
    const results = await expectSame(
      keyed,
      [{ name: 'b' }],
      (tx) =>
        [['a'], ['b'], ['b', 'c', 'a'], ['d', 'd']].map((names) =>
          tx
            .insert(keyed)
            .values(names.map((name) => ({ name })))
            .onConflictDoNothing(),
        ),
      1,
    );
    expect(results).toMatchObject([1, 0, 1, 1].map((count) => ({ count, command: 'INSERT' })));
  });

  test('gives duplicates within one batch to the first, whatever tells them apart', async () => {
    for (const target of [undefined, { target: keyed.name }]) {
      await expectSame(
        keyed,
        [],
        (tx) =>
          ['a', 'b', 'a', 'a', 'b', 'c'].map((name, n) =>
            tx.insert(keyed).values({ name, n }).onConflictDoNothing(target).returning(),
          ),
        1,
      );
    }
  });

  test('takes a key for every row, written or not, as drizzle does', async () => {
    const results = await expectSame(
      keyed,
      [{ name: 'a' }],
      (tx) => [
        ...['a', 'b', 'a'].map((name) => tx.insert(keyed).values({ name }).onConflictDoNothing()),
        tx.insert(keyed).values({ name: 'last' }).returning({ id: keyed.id }),
      ],
      2,
    );
    expect(results.at(-1)).toEqual([{ id: 5 }]);
  });

  test.each(['repeatable read', 'serializable'] as const)('is the same at %s', async (isolationLevel) => {
    const { plain, batched } = await conflicts.sides.runAndRead(
      (db) =>
        db.transaction(
          (tx) =>
            Promise.all(
              ['a', 'a', 'b'].map((name) =>
                tx.insert(keyed).values({ name }).onConflictDoNothing().returning(),
              ),
            ),
          { isolationLevel },
        ),
      keyed,
    );
    expect(batched).toEqual(plain);
  });

  test('fails for another constraint than its target, as in drizzle', async () => {
    await expectSame(
      keyed,
      [{ name: 'x', n: 2 }],
      (tx) =>
        ['a', 'b', 'c'].map((name, n) =>
          tx.insert(keyed).values({ name, n }).onConflictDoNothing({ target: keyed.name }).returning(),
        ),
      1 + 3,
    );
  });

  test('gives what was selected: columns under other names, generated ones, expressions, objects of the driver', async () => {
    const selections: Record<string, PgColumn | SQL>[] = [
      { key: keyed.id, again: keyed.id },
      { twice: keyed.twice, n: keyed.n },
      { loud: sql`upper(${keyed.name})` },
    ];
    await expectSame(
      keyed,
      [{ name: 'b' }],
      (tx) =>
        ['a', 'b', 'c', 'b', 'd'].flatMap((name, n) => {
          const insert = () => tx.insert(keyed).values({ name, n }).onConflictDoNothing();
          const selected = insert().returning(selections[n % 2] as Record<string, PgColumn>);
          return [selected, tx.execute(insert().returning()), tx.execute(insert())];
        }),
      1,
    );
    const loud = selections[2] as Record<string, SQL>;
    await expectSame(
      keyed,
      [],
      (tx) =>
        ['a', 'a'].map((name) => tx.insert(keyed).values({ name }).onConflictDoNothing().returning(loud)),
      2,
    );
  });

  test('is batched for several rows a caller, which come in their order', async () => {
    await expectSame(
      keyed,
      [{ name: 'b' }],
      (tx) =>
        [
          ['a', 'b', 'c'],
          ['d', 'c'],
          ['e', 'f', 'e'],
        ].map((names) =>
          tx
            .insert(keyed)
            .values(names.map((name) => ({ name })))
            .onConflictDoNothing()
            .returning(),
        ),
      1,
    );
  });

  test('tells rows apart by a key that is GENERATED ALWAYS', async () => {
    await expectSame(
      always,
      [{ name: 'b' }],
      (tx) =>
        ['a', 'b', 'a', 'c'].map((name) =>
          tx.insert(always).values({ name }).onConflictDoNothing().returning(),
        ),
      1,
    );
  });

  test('tells rows apart by a key that the client made, each of which goes once into a statement', async () => {
    const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
    await expectSame(
      tokens,
      [{ id: id(1), label: 'a' }],
      (tx) =>
        [1, 2, 3, 2, 4].map((n) =>
          tx
            .insert(tokens)
            .values({ id: n === 2 ? id(n).toUpperCase() : id(n), label: `${n % 3}` })
            .onConflictDoNothing()
            .returning(),
        ),
      2,
    );
  });

  test('travels singly where nothing tells rows apart', async () => {
    await expectSame(
      loose,
      [{ a: '1' }],
      (tx) => ['1.0', '2', '2'].map((a) => tx.insert(loose).values({ a }).onConflictDoNothing().returning()),
      3,
    );
  });

  test('is sent as drizzle sends it where no other insert shares its clause', async () => {
    await expectSame(
      keyed,
      [{ name: 'b' }],
      (tx) => [
        tx
          .insert(keyed)
          .values([{ name: 'a' }, { name: 'b' }])
          .onConflictDoNothing()
          .returning(),
        tx
          .insert(keyed)
          .values([{ name: 'a' }, { name: 'c' }])
          .onConflictDoNothing({ target: keyed.name })
          .returning(),
        tx.insert(keyed).values({ name: 'd' }).returning(),
      ],
      3,
    );
  });

  test('is the same on the database itself, where each insert is awaited by its own caller', async () => {
    await expectSameOutside(
      keyed,
      [{ name: '3' }],
      (db) =>
        hundred.map((n) =>
          db
            .insert(keyed)
            .values({ name: `${n % 90}` })
            .onConflictDoNothing({ target: keyed.name })
            .returning(),
        ),
      1,
    );
  });

  test('keeps the keys that it was given where another insert of its batch fails', async () => {
    await expectSameOutside(
      keyed,
      [{ name: 'taken' }],
      (db) => [
        ...['a', 'taken', 'b'].map((name) =>
          db.insert(keyed).values({ name }).onConflictDoNothing().returning(),
        ),
        db.insert(keyed).values({ name: 'taken' }),
        ...['b', 'c', 'd'].map((name) =>
          db
            .insert(keyed)
            .values({ name })
            .onConflictDoUpdate({ target: keyed.name, set: { n: sql`excluded.id` } })
            .returning(),
        ),
      ],
      // One batch with three INSERTs, and then each of the seven inserts by itself, but the one that was refused.
      3 + 6,
    );
  });
});

describe('matched by the conflict target', () => {
  test.each<[keyof typeof byType, unknown[]]>([
    ['char', ['ab', 'ab  ', 'ab c', 'abcd    ', 'x', 'abcd']],
    ['numeric', ['1', '1.00', '1.004', '1.006', '1e0', '-0', '0', '12.345', '12.35']],
    [
      'timestamp',
      ['2020-01-01 00:00:00', '2020-01-01 00:00:00.4', '2020-01-01T00:00:00.6', '2020-01-01 00:00:01'],
    ],
    ['varchar', ['abc', 'abc  ', 'abd ', 'abd', 'ab', 'ab ', 'abc', '']],
    ['float', [0, -0, 0.1, 1e-1, Number.NaN, Number.NaN, Number.POSITIVE_INFINITY]],
    ['uuid', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}']],
    ['integer', [1, '01', ' 1 ', '+1', -1, 2]],
    ['enum', ['x', 'y', 'x']],
    ['domain', ['abc', 'abc ', 'abd ', 'abd', 'ab']],
    ['boolean', [true, 't', 'yes', false]],
  ])('a column of the type %s has the equality of the server', async (type, values) => {
    const table = byType[type] as typeof byType.char;
    const insert = (n: number) => ({ a: values[n] as string, n });
    await expectSame(
      table,
      [insert(1)],
      (tx) =>
        values.flatMap((_, n) => [
          tx.insert(table).values(insert(n)).onConflictDoNothing({ target: table.a }).returning(),
          tx.insert(table).values(insert(n)).onConflictDoNothing({ target: table.a }),
        ]),
      1,
    );
  });

  test('of several columns', async () => {
    const rows = [
      [1, 'a'],
      [1, 'b'],
      [2, 'a'],
      [1, 'a'],
      [2, 'a'],
    ] as const;
    await expectSame(
      pairs,
      [{ a: 1, b: 'b', n: 9 }],
      (tx) =>
        rows.map(([a, b], n) =>
          tx
            .insert(pairs)
            .values({ a, b, n })
            .onConflictDoNothing({ target: [pairs.b, pairs.a] })
            .returning(),
        ),
      1,
    );
  });

  test('NULL targets go out singly', async () => {
    await expectSame(
      pairs,
      [],
      (tx) =>
        [1, null, null, 1].map((a, n) =>
          tx
            .insert(pairs)
            .values({ a, b: 'x', n })
            .onConflictDoNothing({ target: [pairs.a, pairs.b] })
            .returning(),
        ),
      4,
    );
  });

  test('of a partial index is batched for different targets, and sends equal ones in turn', async () => {
    const rows = [
      [1, true],
      [2, false],
      [3, true],
      [2, true],
      [2, false],
      [1, true],
    ] as const;
    await expectSame(
      partial,
      [{ a: 3, isActive: true }],
      (tx) =>
        rows.map(([a, isActive], n) =>
          tx
            .insert(partial)
            .values({ a, isActive, n })
            .onConflictDoNothing({ target: partial.a, where: sql`"is_active"` })
            .returning(),
        ),
      3,
    );
  });

  test.each([
    ['column', caseless],
    ['index', caselessIndex],
  ])('of a %s with a non-deterministic collation goes out singly', async (_, table) => {
    await expectSame(
      table as typeof caseless,
      [{ a: 'Ab' }],
      (tx) =>
        ['ab', 'c', 'C'].map((a, n) =>
          tx.insert(table).values({ a, n }).onConflictDoNothing({ target: table.a }).returning(),
        ),
      3,
    );
  });

  test('that no unique index has fails with the error of drizzle', async () => {
    await expectSame(
      loose as PgTable,
      [],
      (tx) => [1, 2].map((n) => tx.insert(pairs).values({ n }).onConflictDoNothing({ target: pairs.n })),
      2 + 2,
    );
  });

  test('of a table whose names are those that the statement itself uses', async () => {
    await expectSame(
      w,
      [{ o: 1 }],
      (tx) =>
        [1, 2, 2].flatMap((o) => [
          tx
            .insert(w)
            .values({ o, m: o + 10 })
            .onConflictDoNothing({ target: w.o })
            .returning(),
          tx.execute(
            tx
              .insert(w)
              .values({ o, m: o + 20 })
              .onConflictDoNothing({ target: w.o })
              .returning(),
          ),
        ]),
      1,
    );
  });
});

describe('inserts that do nothing on conflict stay alone', () => {
  test('where a trigger may change or drop their rows', async () => {
    await expectSame(
      noticed,
      [{ a: 1 }],
      (tx) => [-1, 2, -2].map((a) => tx.insert(noticed).values({ a }).onConflictDoNothing().returning()),
      3,
    );
  });

  test('where the clause differs, or reads tables', async () => {
    const reads = { target: partial.a, where: sql`is_active and (select true)` };
    await expectSame(
      partial,
      [],
      (tx) => [1, 1].map((a) => tx.insert(partial).values({ a, isActive: true }).onConflictDoNothing(reads)),
      // The server refuses the clause (0A000). Inserts with a guard are sent once more without it.
      driver.guard.isMarked ? 4 : 2,
    );
  });
});

test('rows of a partitioned table are batched', async () => {
  await expectSame(
    parted,
    [{ a: 1 }],
    (tx) =>
      [1, 5, 5, 2, 6].map((a) =>
        tx.insert(parted).values({ a }).onConflictDoNothing({ target: parted.a }).returning(),
      ),
    1,
  );
});

// These tests are last, since the known facts of a table are those of one role.
describe('inserts that do nothing on conflict are batched for a role only', () => {
  test('that may select what tells their rows apart, and need no more than in drizzle', async () => {
    const sequence = 'usage on sequence keyed_id_seq';
    await expectSameAs(
      ['insert on keyed', sequence],
      keyed,
      [],
      (tx) => ['a', 'a', 'b'].map((name) => tx.insert(keyed).values({ name }).onConflictDoNothing()),
      3,
    );
    await expectSameAs(
      ['insert, select (name) on keyed', sequence],
      keyed,
      [],
      (tx) =>
        ['a', 'a', 'b'].map((name) =>
          tx.insert(keyed).values({ name }).onConflictDoNothing({ target: keyed.name }),
        ),
      1,
    );
  });

  test('to which row-level security does not apply', async () => {
    await expectSameAs(
      ['all on secured', 'usage on sequence secured_id_seq'],
      secured,
      [],
      (tx) => [1, 0, 1].map((a) => tx.insert(secured).values({ a }).onConflictDoNothing().returning()),
      3,
    );
  });
});
