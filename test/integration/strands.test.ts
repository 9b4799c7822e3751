/** Async functions that use one transaction at once: explicit cases, beside the random ones of differential-strands.test.ts. */
import { asc, eq, like, sql } from 'drizzle-orm';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, describe, expect, test } from 'vitest';
import { startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver } from '../support/drivers/chosen.ts';
import { codesOf } from '../support/error-codes.ts';
import { users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

type Db = PostgresJsDatabase<Record<string, never>>;
type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

const people = pgTable('strand_people', {
  id: serial('id').primaryKey(),
  name: text('name').notNull().unique(),
  score: integer('score').notNull().default(5),
});
const log = pgTable('strand_log', { message: text('message').notNull() });

let plain: Db;
let ours: Db;

beforeAll(async () => {
  plain = driver.reference(database.client({ max: 1 }));
  ours = batchedDrizzle(database.client({ max: 1 }));
  await plain.execute(
    sql`create table strand_people (id serial primary key, name text not null unique, score integer not null default 5)`,
  );
  await plain.execute(sql`create table strand_log (message text not null)`);
});

/** The outcome of a transaction and the people at its end, in drizzle and here. */
async function both(program: (tx: Tx) => Promise<unknown>): Promise<[unknown, unknown]> {
  const seen: unknown[] = [];
  for (const db of [plain, ours]) {
    await db.execute(sql`truncate strand_people, strand_log restart identity`);
    await db.insert(people).values({ id: 1000, name: 'taken' });
    const outcome = await db.transaction(program).then(
      (value) => ({ value }),
      (error) => ({ code: codesOf(error)[0] }),
    );
    const rows = await db.select().from(people).orderBy(asc(people.id));
    seen.push({ outcome, rows });
  }
  return seen as [unknown, unknown];
}

/** An async function around one statement, as a repository of a program has them. */
async function note(tx: Tx, message: string): Promise<void> {
  await tx.insert(log).values({ message });
}

/** Two functions that first write to the log, the one by another function. */
async function besideEachOther(
  tx: Tx,
  first: () => PromiseLike<unknown>,
  second: () => PromiseLike<unknown>,
): Promise<void> {
  await Promise.all([
    (async () => {
      await note(tx, 'first');
      await first();
    })(),
    (async () => {
      await tx.insert(log).values({ message: 'second' });
      await second();
    })(),
  ]);
}

const raise = (tx: Tx, by: (score: typeof people.score) => ReturnType<typeof sql>) =>
  tx
    .update(people)
    .set({ score: by(people.score) })
    .where(eq(people.name, 'taken'));

describe('async functions beside one another in a transaction go on in the order of drizzle', () => {
  const programs: Record<string, (tx: Tx) => Promise<unknown>> = {
    'their rows get the same keys, however many async functions stand around a statement': (tx) =>
      besideEachOther(
        tx,
        () => tx.insert(people).values({ name: 'first' }),
        () => tx.insert(people).values({ name: 'second' }),
      ),
    'their updates come in the same order': (tx) =>
      besideEachOther(
        tx,
        () => raise(tx, (score) => sql`${score} + 1`),
        () => raise(tx, (score) => sql`${score} * 10`),
      ),
    'an insert does not fall into the savepoint of another one': (tx) =>
      besideEachOther(
        tx,
        () => tx.insert(people).values({ name: 'kept' }),
        () =>
          tx
            .transaction(async (inner) => {
              await inner.select().from(people).where(like(people.name, '%'));
              throw new Error('rolled back');
            })
            .catch(() => {}),
      ),
    'the first of several answers is the same': (tx) =>
      Promise.race([
        tx
          .insert(people)
          .values({ name: 'a' })
          .then(() => 'insert'),
        tx
          .select()
          .from(people)
          .where(like(people.name, '%'))
          .then(() => 'select'),
      ]),
    'the first of several errors is that of the statement that failed': async (tx) => {
      const save = async () => {
        await tx.insert(people).values({ name: 'taken' });
      };
      await Promise.all([save(), tx.select().from(people).where(like(people.name, '%'))]);
    },
    'an insert called together with a nested transaction stands on the same side of its savepoint': (tx) =>
      Promise.allSettled([
        (async () => {
          await tx.insert(people).values({ name: 'a' });
        })(),
        tx.transaction(async () => {
          throw new Error('rolled back');
        }),
      ]).then(() => undefined),
    'an update called together with a nested transaction stands on the same side of its savepoint': async (
      tx,
    ) => {
      await tx.select().from(people).where(like(people.name, '%'));
      await Promise.allSettled([
        (async () => {
          await raise(tx, () => sql`7`);
        })(),
        tx.transaction(async () => {
          throw new Error('rolled back');
        }),
      ]);
    },
    'a nested transaction that catches the failure of another function is undone, and the rest goes on': (
      tx,
    ) =>
      Promise.allSettled([
        tx.transaction(async (inner) => {
          await inner.insert(people).values({ name: 'nested' });
        }),
        (async () => {
          await undefined;
          await tx.insert(people).values({ name: 'taken' });
        })(),
      ]).then((settled) => settled.map(({ status }) => status)),
  };

  test.each(Object.entries(programs))('%s', async (_, program) => {
    const [expected, seen] = await both(program);
    expect(seen).toEqual(expected);
  });
});

test.each([
  ['rejects', true],
  ['resolves', false],
])('a transaction %s when all answers to its statements have been heard', async (_, throws) => {
  for (const db of [plain, ours]) {
    const heard: string[] = [];
    const over = db.transaction(async (tx) => {
      await raise(tx, () => sql`6`);
      for (const score of [7, 8, 9]) {
        (async () => {
          await raise(tx, () => sql`${score}`);
          for (let left = 10; left > 0; left--) await undefined;
          heard.push(`heard ${score}`);
        })();
      }
      if (throws) throw new Error('enough');
    });
    await over.catch(() => {});
    expect(heard).toEqual(['heard 7', 'heard 8', 'heard 9']);
  }
});

test('what a statement throws before it is sent is told at once', async () => {
  const program = async (db: Db) => {
    const order: string[] = [];
    await db.transaction(async (tx) => {
      const unfilled = tx
        .select()
        .from(people)
        .where(eq(people.name, sql.placeholder('name')))
        .prepare('unfilled');
      await Promise.all([
        raise(tx, () => sql`7`).then(() => order.push('update')),
        unfilled.execute({}).catch(() => order.push('refused')),
      ]);
    });
    return order;
  };
  expect(await program(ours)).toEqual(await program(plain));
});

test('what several async functions send when they have heard their answers takes no more trips than that of one', async () => {
  const { db, count } = await startCounted(database);
  let run = 0;
  const tripsOf = async (functions: number) => {
    run += 1;
    const { trips } = await count(() =>
      db.transaction((tx) =>
        Promise.all(
          Array.from({ length: functions }, async (_, index) => {
            const name = `${index} of ${functions}, ${run}`;
            await tx.insert(users).values({ name });
            // They take more and fewer promise jobs to go on.
            for (let left = index; left > 0; left--) await undefined;
            await tx
              .update(users)
              .set({ name: `new ${name}` })
              .where(eq(users.name, name));
            await tx.insert(users).values({ name: `next ${name}` });
          }),
        ),
      ),
    );
    return trips;
  };
  // The first one meets each text for the first time.
  await tripsOf(1);
  const ofOne = await tripsOf(1);
  // Fewer if the relay sees the first answers on their way when what follows them is sent.
  for (const functions of [2, 8]) expect(await tripsOf(functions)).toBeLessThanOrEqual(ofOne);
});
