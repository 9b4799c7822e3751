import { sql } from 'drizzle-orm';
import { integer, pgTable, serial, varchar } from 'drizzle-orm/pg-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { type Counted, startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf } from '../support/process-events.ts';
import type { Database } from '../support/program-database.ts';
import { useDatabase } from '../support/test-database.ts';
import { codeOf } from '../support/trace.ts';

const database = useDatabase();

const people = pgTable('people', {
  id: serial('id').primaryKey(),
  name: varchar('name', { length: 20 }).unique(),
  age: integer('age').notNull(),
});
const visits = pgTable('visits', { id: serial('id').primaryKey(), place: varchar('place') });

const check = drizzle(database.client());
const plain: Database = driver.reference(database.client({ max: 1 }));
let counted: Counted;
let db: BatchedDatabase;

beforeAll(async () => {
  await check.execute(
    sql.raw(`create table people (id serial primary key, name varchar(20) unique, age int not null check (age < 200));
      create table visits (id serial primary key, place varchar)`),
  );
  counted = await startCounted(database, { max: 1 });
  db = counted.db;
});
beforeEach(async () => {
  await check.execute(sql`truncate people, visits restart identity`);
  await check.insert(people).values({ name: 'taken', age: 1 });
});

type Person = typeof people.$inferInsert;

/** Inserts of which one is refused, and so many that the first try of ours shares statements. */
const insertsAround = (tx: Pick<Database, 'insert'>, refused: Person): Promise<unknown>[] => [
  ...Array.from({ length: manyEntries }, (_, n) =>
    tx
      .insert(visits)
      .values({ place: `${n}` })
      .execute(),
  ),
  ...Array.from({ length: manyEntries }, (_, n) =>
    tx
      .insert(people)
      .values(n === 20 ? refused : { name: `name ${n}`, age: n })
      .execute(),
  ),
];

/** What each caller learns: a code, and of its own error the constraint, the column and the parameters. */
const endsOf = async (inserts: readonly Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(inserts)).map((settled) => {
    if (settled.status === 'fulfilled') return 'fulfilled';
    const { cause, params } = settled.reason;
    const { constraint_name, constraint, column_name, column } = cause;
    return [codeOf(settled.reason), constraint_name ?? constraint, column_name ?? column, params];
  });

async function compare(program: (on: Database) => Promise<unknown[]>): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const on of [plain, db as never as Database]) {
    await check.execute(sql`truncate people, visits`);
    await check.insert(people).values({ name: 'taken', age: 1 });
    const ends = await program(on);
    results.push({
      ends,
      people: await check.select({ name: people.name }).from(people).orderBy(people.name),
    });
  }
  expect(results[1]).toEqual(results[0]);
  return (results[1] as { ends: unknown[] }).ends;
}

const refusals: Record<string, [code: string, person: Person]> = {
  'a unique constraint': ['23505', { name: 'taken', age: 20 }],
  'NOT NULL': ['23502', { name: 'nobody', age: null as never }],
  'a CHECK': ['23514', { name: 'nobody', age: 300 }],
  'a type': ['22001', { name: 'x'.repeat(21), age: 20 }],
};

describe.each(Object.entries(refusals))(
  'inserts of which %s refuses one settle as in drizzle',
  (_, [code, refused]) => {
    const expectOne = (ends: readonly unknown[]): void => {
      expect(ends).toHaveLength(2 * manyEntries);
      expect(ends.slice(0, manyEntries + 20)).toEqual(Array(manyEntries + 20).fill('fulfilled'));
      expect((ends[manyEntries + 20] as unknown[])[0]).toBe(code);
      expect(ends.slice(manyEntries + 21).map((end) => (end as unknown[])[0])).toEqual(
        Array(manyEntries - 21).fill('25P02'),
      );
    };

    test.each([
      ['in the flight that begins their transaction', 0],
      ['in a later flight', manyEntries],
    ])('%s', async (_, before) => {
      const ends = await compare(async (on) => {
        let settled: unknown[] = [];
        const error = await rejectionOf(
          on.transaction(async (tx) => {
            await Promise.all(
              Array.from({ length: before }, (_, n) =>
                tx.insert(people).values({ name: `before ${n}`, age: n }),
              ),
            );
            const inserts = insertsAround(tx, refused);
            settled = await endsOf(inserts);
            await Promise.all(inserts);
          }),
        );
        expect(codeOf(error)).toBe(code);
        return settled;
      });
      expectOne(ends);
    });

    test('in a nested transaction, whose outer one goes on', async () => {
      const ends = await compare((on) =>
        on.transaction(async (tx) => {
          let settled: unknown[] = [];
          await tx.insert(people).values({ name: 'outer', age: 1 });
          const error = await rejectionOf(
            tx.transaction(async (inner) => {
              const inserts = insertsAround(inner, refused);
              settled = await endsOf(inserts);
              await Promise.all(inserts);
            }),
          );
          expect(codeOf(error)).toBe(code);
          await tx.insert(people).values({ name: 'behind', age: 1 });
          return settled;
        }),
      );
      expectOne(ends);
      expect((await check.select().from(people)).map(({ name }) => name)).toEqual([
        'taken',
        'outer',
        'behind',
      ]);
    });
  },
);

test('a flight that is sent again shares statements first, and is then what drizzle sends', async () => {
  const { statements } = await counted.count(() =>
    rejectionOf(db.transaction((tx) => Promise.all(insertsAround(tx, { name: 'taken', age: 1 })))),
  );
  const [first, ...again] = statements.filter((text) => text.includes('insert into "people"'));
  expect(first).toContain('unnest');
  expect(again.length).toBeGreaterThanOrEqual(manyEntries);
  for (const text of again) expect(text).toMatch(/values \(default, \$1, \$2\)/);
});

describe('inserts that the server would take if they were sent again', () => {
  /** The key of the 25th row is another row's, as after an import. */
  const expectRefused = async (before: (tx: Pick<Database, 'insert' | 'execute'>) => Promise<unknown>) => {
    const ends: unknown[] = [];
    for (const on of [plain, db as never as Database]) {
      await check.execute(sql`truncate people, visits restart identity`);
      await check.insert(people).values({ id: 25, name: 'imported', age: 1 });
      const error = await rejectionOf(
        on.transaction(async (tx) => {
          await before(tx);
          await Promise.allSettled(
            Array.from({ length: manyEntries }, (_, n) => tx.insert(people).values({ name: `${n}`, age: n })),
          );
          await tx.update(people).set({ age: 2 });
        }),
      );
      ends.push([codeOf(error), await check.$count(people)]);
    }
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[1]).toEqual(['25P02', 1]);
  };

  test('fail in the flight that begins their transaction, as in drizzle', () =>
    expectRefused(async () => {}));

  test('fail in a later flight', () => expectRefused((tx) => tx.execute(sql`select 1`)));
});

test('a transaction that has written shared statements can export its snapshot', async () => {
  const together = (tx: Pick<Database, 'insert'>) =>
    Promise.all(Array.from({ length: manyEntries }, (_, n) => tx.insert(visits).values({ place: `${n}` })));
  await db.transaction(async (tx) => {
    for (let flight = 0; flight < 3; flight++) await together(tx as never);
    await tx.execute(sql`select pg_export_snapshot()`);
  });
  expect(await check.$count(visits)).toBe(3 * manyEntries);
});

test('a transaction that may only read refuses the first insert, and the others because of it', async () => {
  const ends = await compare(async (on) => {
    let settled: unknown[] = [];
    await on
      .transaction(
        async (tx) => {
          settled = await endsOf(insertsAround(tx, { name: 'fine', age: 20 }));
        },
        { accessMode: 'read only' },
      )
      .catch(() => {});
    return settled;
  });
  expect(ends.map((end) => (end as unknown[])[0])).toEqual([
    '25006',
    ...Array(2 * manyEntries - 1).fill('25P02'),
  ]);
});

test('an insert whose await is over is blamed behind any number of flights', async () => {
  const queued = batchedDrizzle(database.client({ max: 1 }), { batch: { maxRows: 20, awaits: 'queued' } });
  const error = await rejectionOf(
    queued.transaction(async (tx) => {
      for (let n = 0; n < 850; n++)
        await tx.insert(people).values({ name: n === 830 ? 'taken' : `${n}`, age: 1 });
    }),
  );
  expect((error.cause as { detail?: string }).detail).toBe('Key (name)=(taken) already exists.');
});

/**
 * What begins and commits by itself can't be sent again behind other flights. So the callers of its inserts learn what the
 * server's one answer tells: the owner its own, all others the code and the table.
 */
describe('where COMMIT has travelled with the flight', () => {
  async function settle(refused: Person): Promise<{ ends: unknown[]; details: unknown[] }> {
    let inserts: Promise<unknown>[] = [];
    await rejectionOf(
      db.transaction(async (tx) => {
        await Promise.all(
          Array.from({ length: manyEntries }, (_, n) => [
            tx.insert(people).values({ name: `before ${n}`, age: n }),
            tx.insert(visits).values({ place: 'before' }),
          ]).flat(),
        );
        inserts = insertsAround(tx, refused);
        for (const each of inserts) each.catch(() => {});
      }),
    );
    const settled = await Promise.allSettled(inserts);
    const reasons = settled.map((each) => (each as PromiseRejectedResult).reason);
    return {
      ends: reasons.map(codeOf),
      details: reasons.map(({ cause }) => cause.detail ?? cause.cause?.detail),
    };
  }

  test('only the owner learns the details', async () => {
    const { ends, details } = await settle({ name: 'taken', age: 20 });
    expect(new Set(ends)).toEqual(new Set(['23505']));
    expect(details.filter((detail) => detail !== undefined)).toEqual(['Key (name)=(taken) already exists.']);
    expect(details[manyEntries + 20]).toBeDefined();
  });

  test('no insert into another table learns them', async () => {
    const { ends, details } = await settle({ name: 'nobody', age: 300 });
    expect(new Set(ends)).toEqual(new Set(['23514']));
    expect(details.slice(0, manyEntries)).toEqual(Array(manyEntries).fill(undefined));
  });
});

test('a transaction of many flights has at most 32 savepoints of the library', async () => {
  const { statements } = await counted.count(() =>
    db.transaction(async (tx) => {
      for (let flight = 0; flight < 40; flight++)
        await Promise.all(
          Array.from({ length: manyEntries }, () => tx.insert(visits).values({ place: 'here' })),
        );
    }),
  );
  expect(await check.$count(visits)).toBe(40 * manyEntries);
  expect(statements.filter((text) => text === 'savepoint batched_drizzle')).toHaveLength(32);
});
