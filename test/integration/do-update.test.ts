import { eq, sql } from 'drizzle-orm';
import {
  bigint,
  char,
  integer,
  numeric,
  type PgColumn,
  pgTable,
  serial,
  smallint,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { createShared, createTargets, parted, partial } from '../support/conflict-tables.ts';
import { compareConflicts, type Inserter } from '../support/conflicts.ts';
import { batchedDrizzle } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const keyed = pgTable('keyed', {
  id: serial('id').primaryKey(),
  name: text('name').unique(),
  n: integer('n').unique(),
  label: text('label'),
});
const always = pgTable('always', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name').unique(),
  label: text('label'),
});
const label = { label: text('label') };
/** One table for each type of the conflict target. */
const byType = {
  smallint: pgTable('by_smallint', { a: smallint('a'), ...label }),
  integer: pgTable('by_integer', { a: integer('a'), ...label }),
  bigint: pgTable('by_bigint', { a: bigint('a', { mode: 'bigint' }), ...label }),
  uuid: pgTable('by_uuid', { a: uuid('a'), ...label }),
  text: pgTable('by_text', { a: text('a'), ...label }),
  varchar: pgTable('by_varchar', { a: varchar('a', { length: 3 }), ...label }),
  char: pgTable('by_char', { a: char('a', { length: 4 }), ...label }),
  numeric: pgTable('by_numeric', { a: numeric('a', { precision: 6, scale: 2 }), ...label }),
  timestamp: pgTable('by_timestamp', { a: timestamp('a', { mode: 'string' }), ...label }),
  caseless: pgTable('by_caseless', { a: text('a'), ...label }),
};
const owners = pgTable('owners', { id: serial('id').primaryKey(), name: text('name') });
const settings = pgTable('settings', {
  ownerId: integer('owner_id').references(() => owners.id),
  kind: text('kind'),
  value: integer('value').default(0),
});
const coded = pgTable('coded', { a: integer('a').unique(), code: text('code').unique() });
const coders = pgTable('coders', {
  code: text('code').references(() => coded.code, { onUpdate: 'cascade' }),
});
const deferred = pgTable('deferred', { a: integer('a').unique(), place: integer('place') });
const stamped = pgTable('stamped', { a: integer('a').unique(), n: integer('n') });
let updates = 0;
const touched = pgTable('touched', {
  a: integer('a').unique(),
  m: integer('m'),
  n: integer('n').$onUpdateFn(() => updates++),
});

const setUp = [
  ...createShared,
  'create table keyed (id serial primary key, name text unique, n int unique, label text)',
  'create table always (id int primary key generated always as identity, name text unique, label text)',
  ...createTargets(Object.values(byType), { by_caseless: 'blind' }),
  'create table owners (id serial primary key, name text)',
  'create table settings (owner_id int references owners, kind text, value int default 0, unique (owner_id, kind))',
  'create table coded (a int unique, code text unique)',
  'create table coders (code text references coded (code) on update cascade)',
  'create table deferred (a int unique, place int unique deferrable)',
  'create table stamped (a int unique, n int)',
  'create function stamp() returns trigger language plpgsql as $$ begin new.n := new.n + 100; return new; end $$',
  'create trigger stamp before update on stamped for each row execute function stamp()',
  'create table touched (a int unique, m int, n int)',
];
const tables = [keyed, always, ...Object.values(byType), owners, settings, partial, coded, coders];
const conflicts = compareConflicts(database, setUp, [...tables, deferred, stamped, touched, parted]);
const { expectSame, expectSameAs, expectSameOutside } = conflicts;

const hundred = Array.from({ length: 100 }, (_, n) => n);
const excluded = (column: PgColumn) => sql`excluded.${sql.identifier(column.name)}`;
const renames = { target: keyed.name, set: { label: sql`${keyed.label} || '+' || excluded.label` } };
const upsert = (db: Inserter, name: string | null, ...labels: string[]) =>
  db
    .insert(keyed)
    .values(labels.map((each) => ({ name, label: each })))
    .onConflictDoUpdate(renames)
    .returning();

describe('do update', () => {
  test('is one INSERT for a hundred with equal clauses and different targets', async () => {
    await expectSame(
      keyed,
      [{ name: '3', label: 'old' }, { name: '50' }],
      (tx) => hundred.map((n) => upsert(tx, `${n}`, `new ${n}`)),
      1,
    );
  });

  test('counts the rows of each caller where nobody asks for them', async () => {
    const insert = (tx: Inserter, ...names: string[]) =>
      tx
        .insert(keyed)
        .values(names.map((name) => ({ name, label: 'new' })))
        .onConflictDoUpdate(renames);
    const results = await expectSame(
      keyed,
      [{ name: 'b' }],
      (tx) => [insert(tx, 'a', 'b'), insert(tx, 'c'), tx.execute(insert(tx, 'd', 'e', 'f'))],
      1,
    );
    expect(results).toMatchObject([2, 1, 3].map((count) => ({ count, command: 'INSERT' })));
  });

  test('sends rows with one target in later statements, in turn', async () => {
    await expectSame(
      keyed,
      [{ name: 'x', label: '0' }],
      (tx) => [...'abxcxdex'].map((name, n) => upsert(tx, name, `${n}`)),
      3,
    );
  });

  test('writes the row for the next one where it was new itself', async () => {
    await expectSame(keyed, [], (tx) => [...'aabab'].map((name, n) => upsert(tx, name, `${n}`)), 3);
  });

  test.each<[keyof typeof byType, unknown[], number]>([
    ['smallint', [1, '01', 2, -1], 2],
    ['integer', [1, ' 1', '+1', 2, 3], 3],
    ['bigint', [1n, 9_223_372_036_854_775_807n, '0001', -9_223_372_036_854_775_808n], 2],
    ['uuid', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}'], 2],
    ['text', ['a', 'b', 'A', 'a ', 'ä', 'a\u0308', '', '\ud800', '\ufffd'], 3],
    ['varchar', ['abc', 'abd', 'abc  ', 'ab', 'ab '], 3],
    ['char', ['ab', 'ab c', 'ab  ', 'abcd   '], 2],
  ])(
    'is batched for a target of the type %s, normalised to see whose is the same',
    async (type, values, sent) => {
      const table = byType[type] as typeof byType.text;
      await expectSame(
        table,
        [{ a: values[1] as string, label: 'old' }],
        (tx) =>
          values.map((a, n) =>
            tx
              .insert(table)
              .values({ a: a as string, label: `${n}` })
              .onConflictDoUpdate({ target: table.a, set: { label: sql`${table.label} || excluded.label` } })
              .returning(),
          ),
        sent,
      );
    },
  );

  test('is batched for several columns, of which one may be the key of a row in the same flush', async () => {
    const target = [settings.ownerId, settings.kind];
    const set = { value: sql`${settings.value} + excluded.value` };
    const { plain, batched } = await conflicts.sides.runAndRead(async (db) => {
      return db.transaction(async (tx) => {
        const rows: unknown[] = [];
        for (const kind of ['a', 'b', 'a']) {
          const owner = tx.insert(owners).values({ name: kind });
          const ownerId =
            'ref' in owner
              ? (owner as unknown as { ref(name: string): never }).ref('id')
              : (await owner.returning())[0]?.id;
          for (const other of ['b', 'c'])
            rows.push(
              tx
                .insert(settings)
                .values({ ownerId, kind: other, value: 1 })
                .onConflictDoUpdate({ target, set })
                .returning(),
            );
        }
        return Promise.all(rows);
      });
    }, settings);
    expect(batched).toEqual(plain);
    const rows = [
      [1, 'a', 3],
      [1, 'b', 4],
      [2, 'a', 5],
      [1, 'a', 6],
    ] as const;
    await expectSame(
      settings,
      [],
      (tx) => [
        tx.insert(owners).values([{ id: 1 }, { id: 2 }]),
        ...rows.map(([ownerId, kind, value]) =>
          tx
            .insert(settings)
            .values({ ownerId, kind, value })
            .onConflictDoUpdate({ target, set })
            .returning(),
        ),
      ],
      3,
    );
  });

  test.each(['setWhere', 'where'])('gives [] to the caller whose row %s leaves as it was', async (name) => {
    const condition = { [name]: sql`${keyed.label} <> 'kept'` };
    const results = await expectSame(
      keyed,
      [
        { name: 'a', label: 'kept' },
        { name: 'b', label: 'old' },
      ],
      (tx) =>
        ['a', 'b', 'c', 'a'].flatMap((each) => {
          const insert = () =>
            tx
              .insert(keyed)
              .values({ name: each, label: 'new' })
              .onConflictDoUpdate({ ...renames, ...condition });
          const isCounted: PromiseLike<unknown> =
            each === 'c' ? insert() : insert().returning({ id: keyed.id });
          return [isCounted];
        }),
      2,
    );
    expect(results).toMatchObject([[], [{ id: 2 }], { count: 1 }, []]);
  });

  test('counts no row that setWhere leaves as it was', async () => {
    const set = { ...renames, setWhere: sql`${keyed.label} <> 'kept'` };
    const results = await expectSame(
      keyed,
      [{ name: 'a', label: 'kept' }],
      (tx) =>
        ['a', 'b'].map((name) => tx.insert(keyed).values({ name, label: 'new' }).onConflictDoUpdate(set)),
      1,
    );
    expect(results).toMatchObject([{ count: 0 }, { count: 1 }]);
  });

  test('has the target of a partial index, with targetWhere', async () => {
    const rows = [
      [1, true],
      [2, false],
      [3, true],
      [2, true],
      [3, false],
      [1, true],
    ] as const;
    await expectSame(
      partial,
      [{ a: 3, isActive: true, n: 9 }],
      (tx) =>
        rows.map(([a, isActive], n) =>
          tx
            .insert(partial)
            .values({ a, isActive, n })
            .onConflictDoUpdate({
              target: partial.a,
              targetWhere: sql`"is_active"`,
              set: { n: sql`${partial.n} * 10 + excluded.n` },
            })
            .returning(),
        ),
      2,
    );
  });

  test('has parameters of its own where all callers give the same', async () => {
    const at = new Date('2024-02-29T12:34:56.789Z');
    const set = (n: number) => ({ label: sql`${n} || ${at.toISOString()} || ${true}` });
    await expectSame(
      keyed,
      [{ name: '1' }],
      (tx) =>
        [0, 1, 2].map((n) =>
          tx
            .insert(keyed)
            .values({ name: `${n}` })
            .onConflictDoUpdate({ target: keyed.name, set: set(7) })
            .returning(),
        ),
      1,
    );
    await expectSame(
      keyed,
      [{ name: '1' }],
      (tx) =>
        [0, 1, 2].map((n) =>
          tx
            .insert(keyed)
            .values({ name: `${n}` })
            .onConflictDoUpdate({ target: keyed.name, set: set(n) })
            .returning(),
        ),
      3,
    );
  });

  test('leaves keys to the server where rows leave them out, one a row, as drizzle does', async () => {
    await expectSame(
      always,
      [{ name: 'b' }],
      (tx) => [
        ...['a', 'b', 'c', 'b'].map((name) =>
          tx
            .insert(always)
            .values({ name, label: 'new' })
            .onConflictDoUpdate({ target: always.name, set: { label: excluded(always.label) } })
            .returning(),
        ),
        tx.insert(always).values({ name: 'last' }).returning(),
      ],
      3,
    );
  });

  test('fails for another constraint than its target, as in drizzle', async () => {
    await expectSame(
      keyed,
      [{ name: 'x', n: 1 }],
      (tx) =>
        [0, 1, 2].map((n) =>
          tx
            .insert(keyed)
            .values({ name: `${n}`, n })
            .onConflictDoUpdate(renames)
            .returning(),
        ),
      1 + 3,
    );
  });

  test('gives a value that one row lets go to the next', async () => {
    const set = { target: keyed.name, set: { n: sql`excluded.n`, label: excluded(keyed.label) } };
    await expectSame(
      keyed,
      [{ name: 'a', n: 1 }],
      (tx) => [
        tx.insert(keyed).values({ name: 'a', n: 2 }).onConflictDoUpdate(set).returning(),
        tx.insert(keyed).values({ name: 'b', n: 1 }).onConflictDoUpdate(set).returning(),
      ],
      1,
    );
  });

  test('is the same on the database itself, where each insert is awaited by its own caller', async () => {
    await expectSameOutside(
      keyed,
      [{ name: '3', label: 'old' }],
      (db) => hundred.map((n) => upsert(db, `${n % 90}`, `${n}`)),
      2,
    );
  });

  test('of a partitioned table is batched', async () => {
    await expectSame(
      parted,
      [{ a: 1, n: 1 }],
      (tx) =>
        [1, 5, 2, 6].map((a) =>
          tx
            .insert(parted)
            .values({ a, n: a })
            .onConflictDoUpdate({ target: parted.a, set: { n: sql`${parted.n} + excluded.n` } })
            .returning(),
        ),
      1,
    );
  });
});

describe('an upsert goes out singly, in order', () => {
  const singly = (tx: Inserter, values: unknown[], table: typeof byType.text) =>
    values.map((a, n) =>
      tx
        .insert(table)
        .values({ a: a as string, label: `${n}` })
        .onConflictDoUpdate({ target: table.a, set: { label: excluded(table.label) } })
        .returning(),
    );

  test.each<[keyof typeof byType, unknown[]]>([
    ['numeric', ['1', '1.00', '2']],
    ['timestamp', ['2020-01-01', '2020-01-02', '2020-01-01 00:00']],
    ['caseless', ['a', 'A', 'b']],
    ['text', [null, null]],
  ])('with a target of the type %s: %j', async (type, values) => {
    const table = byType[type] as typeof byType.text;
    await expectSame(table, [{ a: values[0] as string }], (tx) => singly(tx, values, table), values.length);
  });

  test('that assigns its target', async () => {
    const set = { target: keyed.name, set: { name: sql`excluded.name || '!'` } };
    await expectSame(
      keyed,
      [{ name: 'a' }],
      (tx) =>
        ['a', 'a!', 'b'].map((name) => tx.insert(keyed).values({ name }).onConflictDoUpdate(set).returning()),
      3,
    );
  });

  test('that touches a row twice, and fails with 21000', async () => {
    const results = conflicts.sides.batched.transaction((tx) => upsert(tx as never, 'a', '1', '2') as never);
    await expect(results).rejects.toMatchObject({ cause: { code: '21000' } });
    await expectSame(
      keyed,
      [],
      (tx) => [upsert(tx, 'b', '1'), upsert(tx, 'a', '1', '2'), upsert(tx, 'c', '3')],
      3 + 3,
    );
  });

  test('that reads the table', async () => {
    const set = { target: keyed.name, set: { label: sql`(select count(*) from keyed)` } };
    await expectSame(
      keyed,
      [{ name: 'c' }],
      (tx) =>
        ['a', 'b', 'c'].map((name) => tx.insert(keyed).values({ name }).onConflictDoUpdate(set).returning()),
      3,
    );
  });

  test('where a trigger looks at what is updated', async () => {
    await expectSame(
      stamped,
      [{ a: 1, n: 1 }],
      (tx) =>
        [1, 2].map((a) =>
          tx
            .insert(stamped)
            .values({ a, n: a })
            .onConflictDoUpdate({ target: stamped.a, set: { n: excluded(stamped.n) } })
            .returning(),
        ),
      2,
    );
  });

  test('that assigns what a foreign key points at', async () => {
    const set = { target: coded.a, set: { code: excluded(coded.code) } };
    const insert = (tx: Inserter, a: number, code: string) =>
      tx.insert(coded).values({ a, code }).onConflictDoUpdate(set).returning();
    await expectSame(coded, [{ a: 1, code: 'x' }], (tx) => [insert(tx, 1, 'y'), insert(tx, 2, 'x')], 2);
  });

  test('into a table with a constraint that waits for the end of a statement', async () => {
    const set = { target: deferred.a, set: { place: excluded(deferred.place) } };
    const insert = (tx: Inserter, a: number, place: number) =>
      tx.insert(deferred).values({ a, place }).onConflictDoUpdate(set).returning();
    await expectSame(
      deferred,
      [
        { a: 1, place: 1 },
        { a: 2, place: 2 },
      ],
      (tx) => [insert(tx, 1, 2), insert(tx, 2, 1)],
      2 + 2,
    );
  });

  test('that assigns what its own $onUpdateFn made', async () => {
    await expectSame(
      touched,
      [
        { a: 1, n: 9 },
        { a: 2, n: 9 },
      ],
      (tx) => {
        updates = 0;
        return [1, 2].map((a) =>
          tx
            .insert(touched)
            .values({ a, n: 5 })
            .onConflictDoUpdate({ target: touched.a, set: { m: 1 } })
            .returning(),
        );
      },
      2,
    );
  });
});

test('what several callers share writes nothing outside the transaction of its flight', async () => {
  const sent: { text: string; params: unknown[] }[] = [];
  const logger = { logQuery: (text: string, params: unknown[]) => void sent.push({ text, params }) };
  const { plain } = conflicts.sides;
  await plain.execute(sql`truncate keyed restart identity cascade`);
  const db = batchedDrizzle(database.client({ max: 1 }), { logger });
  const names = Array.from({ length: manyEntries }, (_, number) => `${number}`);
  await Promise.all(names.map((name) => upsert(db, name, 'first')));
  const insert = sent.find(({ text }) => text.includes('insert into'));
  const again = database.connect().unsafe(insert?.text ?? '', insert?.params as string[]);
  await expect(again).rejects.toMatchObject({ message: expect.stringContaining('outside its transaction') });
  expect((await plain.select().from(keyed)).map(({ label: each }) => each)).toEqual(names.map(() => 'first'));
});

test.each([
  'create trigger stamp before update on renewed for each row execute function stamp()',
  'create table after_renewed (n int references renewed (n))',
  'alter table renewed add unique (n) deferrable',
])('a table that has changed since is known anew: %s', async (change) => {
  const { plain, batched } = conflicts.sides;
  await plain.execute(sql`drop table if exists renewed cascade`);
  await plain.execute(sql`create table renewed (a int unique, n int unique)`);
  const renewed = pgTable('renewed', { a: integer('a').unique(), n: integer('n') });
  const insertsNow = async (): Promise<number> => {
    const { tables: written } = await batched.transaction((tx) => {
      // So many entries that they share a statement if the facts allow it.
      for (let a = 1; a <= manyEntries; a++)
        tx.insert(renewed)
          .values({ a, n: a })
          .onConflictDoUpdate({ target: renewed.a, set: { n: excluded(renewed.n) } });
      return tx.flush();
    });
    return written[0]?.statements ?? 0;
  };
  expect(await insertsNow()).toBe(1);
  await plain.execute(sql.raw(change));
  expect(await insertsNow()).toBe(manyEntries);
  await plain.execute(sql`drop table if exists after_renewed`);
});

describe('the order of calls', () => {
  test('holds between inserts of a table with a conflict clause and without', async () => {
    await expectSame(
      keyed,
      [],
      (tx) => [
        tx.insert(keyed).values({ name: 'a' }).returning(),
        tx.insert(keyed).values({ name: 'b' }),
        upsert(tx, 'a', '1'),
        upsert(tx, 'c', '2'),
        tx.insert(keyed).values({ name: 'd', label: 'plain' }),
        upsert(tx, 'd', '3'),
        tx.insert(keyed).values({ name: 'd' }).onConflictDoNothing().returning(),
      ],
      5,
    );
  });

  test('a reference to a row that conflicts is to the row that stands', async () => {
    const { sides } = conflicts;
    await sides.batched.execute(sql`truncate keyed, owners, settings restart identity cascade`);
    await sides.batched.insert(keyed).values({ name: 'b', label: 'old' });
    await sides.batched.transaction(async (tx) => {
      const rows = ['a', 'b', 'c'].map((name) =>
        tx.insert(keyed).values({ name, label: 'new' }).onConflictDoUpdate(renames),
      );
      for (const [n, row] of rows.entries()) tx.insert(owners).values({ id: row.ref('id'), name: `${n}` });
    });
    const found = await sides.plain
      .select({ name: keyed.name, owner: owners.name })
      .from(owners)
      .innerJoin(keyed, eq(keyed.id, owners.id))
      .orderBy(owners.name);
    expect(found.map(({ name, owner }) => `${name}${owner}`)).toEqual(['a0', 'b1', 'c2']);
  });
});

// This test is last, since the known facts of a table are those of one role.
test('do update needs no more of a role than in drizzle', async () => {
  const sequence = 'usage on sequence keyed_id_seq';
  const insert = (tx: Inserter) =>
    ['a', 'b'].map((name) =>
      tx
        .insert(keyed)
        .values({ name, label: 'new' })
        .onConflictDoUpdate({ target: keyed.name, set: { label: excluded(keyed.label) } }),
    );
  await expectSameAs(['insert, update, select (name, label) on keyed', sequence], keyed, [], insert, 1);
  // Both sides fail with 42501; ours sends two statements, and those of drizzle again.
  await expectSameAs(['insert, update on keyed', sequence], keyed, [], insert, 2 + 2);
});
