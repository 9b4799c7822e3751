/** `batch.awaits: 'queued'`: in a transaction an awaited insert resolves when it is queued. */
import { DrizzleQueryError, eq, sql } from 'drizzle-orm';
import { integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BatchedDrizzleError } from '../../src/errors.ts';
import type { BatchedDatabase } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, countOf, driver, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import type { Relay } from '../support/relay.ts';
import { addresses, events, logs, organizations, tokens, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.client());

let relay: Relay;
let db: BatchedDatabase;

const things = pgTable('things', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity({ startWith: 7, increment: 3 }),
  name: text('name'),
  code: text('code').unique(),
});

const seen = pgTable('seen', {
  id: serial('id').primaryKey(),
  name: text('name'),
  at: timestamp('at').defaultNow(),
});

beforeAll(async () => {
  relay = await database.relay({ delay: 5 });
  await check.execute(sql`create table things (
    id int generated always as identity (start 7 increment 3) primary key, name text, code text unique)`);
  await check.execute(sql`create table seen (id serial primary key, name text, at timestamp default now())`);
  // The first transaction of a process may begin before its code is read, and then takes a round trip more.
  await batchedDrizzle(database.client(), { batch: { awaits: 'queued' } }).transaction(async () => {});
});

beforeEach(async () => {
  await check.execute(emptyTables());
  await check.execute(sql`truncate things, seen restart identity`);
  const client = database.client({ url: relay.url, max: 1 });
  db = batchedDrizzle(client, { batch: { awaits: 'queued' } });
  await db.execute(sql`select 1`);
  relay.reset();
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

type Tx = Parameters<Parameters<BatchedDatabase['transaction']>[0]>[0];

/** A transaction in which the table of users is known, so that later inserts of users are answered when they are queued. */
function inTransaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.insert(users).values({ name: 'first' }).returning({ id: users.id });
    relay.reset();
    return work(tx);
  });
}

function named(tx: Tx, name: string) {
  return tx.insert(users).values({ name });
}

/** What an awaited insert rejected with. */
async function errorOf(work: PromiseLike<unknown>): Promise<DrizzleQueryError> {
  const error = await Promise.resolve(work).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DrizzleQueryError);
  return error as DrizzleQueryError;
}

describe('round trips', () => {
  test('a loop of 1,000 awaited inserts with ids takes 8 round trips', async () => {
    const ids: number[] = [];
    await db.transaction(async (tx) => {
      for (const number of range(1_000)) {
        const [user] = await tx
          .insert(users)
          .values({ name: `${number}` })
          .returning({ id: users.id });
        ids.push(user?.id as number);
      }
    });
    expect(relay.trips).toBe(8);
    expect(ids).toEqual(range(1_000).map((index) => index + 1));
    const rows = await check.select().from(users).orderBy(users.id);
    expect(rows).toEqual(ids.map((id, index) => ({ id, name: `${index}` })));
  });

  test('a graph of 100 parents and 200 children takes 6, written the ordinary way', async () => {
    await db.transaction(async (tx) => {
      for (const number of range(100)) {
        const [user] = await tx
          .insert(users)
          .values({ name: `${number}` })
          .returning({ id: users.id });
        for (const which of ['home', 'work'])
          await tx.insert(addresses).values({ email: `${which} ${number}`, userId: user?.id });
      }
    });
    expect(relay.trips).toBe(6);
    const rows = await check
      .select({ name: users.name, email: addresses.email })
      .from(addresses)
      .innerJoin(users, eq(users.id, addresses.userId))
      .orderBy(addresses.id);
    expect(rows).toEqual(
      range(100).flatMap((number) =>
        ['home', 'work'].map((which) => ({ name: `${number}`, email: `${which} ${number}` })),
      ),
    );
  });

  test('keys are taken in blocks of 16, doubling, and what is left of one is a gap', async () => {
    const taken = async () =>
      Number(rowsOf(await check.execute(sql`select last_value from users_id_seq`))[0]?.last_value);
    const seen: number[] = [];
    await db.transaction(async (tx) => {
      for (const number of range(50)) {
        await tx
          .insert(users)
          .values({ name: `${number}` })
          .returning({ id: users.id });
        seen.push(await taken());
      }
    });
    expect([...new Set(seen)]).toEqual([17, 49, 113]);
    const [next] = await check.insert(users).values({ name: 'next' }).returning();
    expect(next?.id).toBe(114);
  });

  test('the option may be that of one transaction, and the default is that rows are written', async () => {
    const written = batchedDrizzle(database.client({ url: relay.url, max: 1 }));
    await written.execute(sql`select 1`);
    const loop = async (tx: Tx) => {
      for (const number of range(5)) await tx.insert(logs).values({ level: 'a', message: `${number}` });
    };
    relay.reset();
    await written.transaction(loop);
    expect(relay.trips).toBe(6);
    relay.reset();
    await written.transaction(loop, { batch: { awaits: 'queued' } });
    expect(relay.trips).toBe(2);
    relay.reset();
    await db.transaction(loop, { batch: { awaits: 'written' } });
    expect(relay.trips).toBe(6);
    relay.reset();
    await db.transaction(loop, { isolationLevel: 'serializable', batch: { awaits: 'queued' } });
    expect(relay.trips).toBe(2);
  });

  test('an impossible option is refused, with what is allowed', () => {
    expect(() => batchedDrizzle(database.client(), { batch: { awaits: 'later' as never } })).toThrow(
      "batch.awaits: got 'later'; allowed: 'written' or 'queued'",
    );
    const begin = (batch: never) => db.transaction(async () => {}, { batch });
    for (const [batch, message] of [
      [{ awaits: 1 }, "batch.awaits: got 1; allowed: 'written' or 'queued'"],
      [{ maxRows: 5 }, 'batch.maxRows: unknown option; allowed: awaits'],
      ['queued', 'batch: got queued; allowed: an object of options'],
    ] as const) {
      expect(() => begin(batch as never)).toThrow(BatchedDrizzleError);
      expect(() => begin(batch as never)).toThrow(message.replace('got queued', "got 'queued'"));
    }
  });
});

describe('a row is written before whatever could see that it is missing', () => {
  const waysToSee: readonly [name: string, see: (tx: Tx) => Promise<unknown>][] = [
    ['a select', async (tx) => (await tx.select().from(users)).length],
    ['a relational count', (tx) => tx.$count(users)],
    ['raw SQL', async (tx) => rowsOf(await tx.execute(sql`select * from users`)).length],
    ['an update', async (tx) => (await tx.update(users).set({ name: sql`name || '!'` }).returning()).length],
    ['a nested transaction', (tx) => tx.transaction((nested) => nested.$count(users))],
    ['a prepared statement', async (tx) => (await tx.select().from(users).prepare('all').execute()).length],
  ];

  test.each(waysToSee)('%s', async (_, see) => {
    await inTransaction(async (tx) => {
      await tx.insert(users).values({ name: 'second' });
      expect(tx.pending).toBe(1);
      expect(await see(tx)).toBe(2);
      expect(tx.pending).toBe(0);
    });
  });

  test('flush(), and the queue when it is full', async () => {
    await inTransaction(async (tx) => {
      await tx.insert(users).values({ name: 'second' });
      expect((await tx.flush()).rows).toBe(1);
      expect(tx.pending).toBe(0);
      let most = 0;
      for (const number of range(5_000)) {
        await tx.insert(users).values({ name: `${number}` });
        most = Math.max(most, tx.pending);
      }
      expect(most).toBe(1_023);
    });
    expect(await check.$count(users)).toBe(5_002);
  });

  test('batch.maxRows and batch.maxBytes bound the queue', async () => {
    for (const limit of [{ maxRows: 10 }, { maxBytes: 100 }]) {
      await check.execute(emptyTables());
      const limited = batchedDrizzle(database.client(), { batch: { awaits: 'queued', ...limit } });
      await limited.transaction(async (tx) => {
        let most = 0;
        for (const number of range(100)) {
          await tx.insert(users).values({ name: `long ${number}` });
          most = Math.max(most, tx.pending);
        }
        expect(most).toBeLessThan(20);
      });
      expect(await check.$count(users)).toBe(100);
    }
  });

  test('COPY writes them, if so many wait', async () => {
    const copying = batchedDrizzle(database.client({ url: relay.url, max: 1 }), {
      batch: { awaits: 'queued', copyRows: 100 },
    });
    const ids: unknown[] = [];
    relay.reset();
    await copying.transaction(async (tx) => {
      for (const number of range(500)) {
        ids.push(
          (
            await tx
              .insert(users)
              .values({ name: `${number}` })
              .returning({ id: users.id })
          )[0]?.id,
        );
      }
    });
    expect(relay.statements.filter((text) => /^copy /i.test(text))).toHaveLength(1);
    expect(await check.select().from(users).orderBy(users.id)).toEqual(
      range(500).map((index) => ({ id: ids[index], name: `${index}` })),
    );
  });

  test('a loop does not keep other work of the process from its turn', async () => {
    await inTransaction(async (tx) => {
      let turns = 0;
      const count = setInterval(() => turns++, 0);
      for (const number of range(1_000)) await tx.insert(users).values({ name: `${number}` });
      clearInterval(count);
      expect(turns).toBeGreaterThan(0);
    });
  });
});

describe('what is not known beforehand is written when it is awaited', () => {
  const unknown: readonly [name: string, insert: (tx: Tx) => PromiseLike<unknown>][] = [
    ['a default of the server that is asked for', (tx) => tx.insert(seen).values({ name: 'x' }).returning()],
    ['a conflict clause', (tx) => tx.insert(seen).values({ name: 'x' }).onConflictDoNothing()],
    ['an expression', (tx) => tx.insert(seen).values({ name: sql`upper('x')` })],
    [
      'an expression that is returned',
      (tx) => tx.insert(seen).values({ name: 'x' }).returning({ n: sql`1` }),
    ],
    ["the driver's own result", (tx) => tx.execute(tx.insert(seen).values({ name: 'x' }))],
    [
      'a text that JavaScript can not send',
      (tx) => tx.insert(seen).values({ name: 'a\ud800' }).returning({ name: seen.name }),
    ],
  ];

  test.each(unknown)('%s', async (_, insert) => {
    await db.transaction(async (tx) => {
      await tx.insert(seen).values({ name: 'first' });
      relay.reset();
      await insert(tx);
      expect(tx.pending).toBe(0);
      expect(relay.trips).toBe(1);
    });
  });

  test('a row of a table with a trigger, which may skip it', async () => {
    await check.execute(sql`create or replace function skip() returns trigger language plpgsql as $$
      begin if new.name = 'skipped' then return null; end if; return new; end $$`);
    await check.execute(sql`create trigger skip before insert on seen for each row execute function skip()`);
    try {
      await db.transaction(async (tx) => {
        for (const name of ['one', 'skipped', 'two']) {
          expect(countOf(await tx.insert(seen).values({ name }))).toBe(name === 'skipped' ? 0 : 1);
          expect(tx.pending).toBe(0);
        }
      });
    } finally {
      await check.execute(sql`drop trigger skip on seen`);
    }
  });

  test('a trigger that is made while the transaction runs waits for it, or is noticed', async () => {
    await inTransaction(async (tx) => {
      await tx.insert(users).values({ name: 'a' });
      await tx.execute(sql`create or replace function shout() returns trigger language plpgsql as $$
        begin new.name := upper(new.name); return new; end $$`);
      await tx.execute(
        sql`create trigger shout before insert on users for each row execute function shout()`,
      );
      for (const name of ['b', 'c']) {
        const [user] = await tx.insert(users).values({ name }).returning();
        expect(user?.name).toBe(name.toUpperCase());
      }
      await tx.execute(sql`drop trigger shout on users`);
    });
  });

  test('a role that may insert, and not select what it asks for, is refused where it asks', async () => {
    await check.execute(
      sql`create role blind; grant insert on seen to blind; grant usage on seen_id_seq to blind`,
    );
    const blind = db.transaction(async (tx) => {
      await tx.execute(sql`set local role blind`);
      for (const name of ['a', 'b', 'c']) await tx.insert(seen).values({ name });
      const error = await errorOf(tx.insert(seen).values({ name: 'd' }).returning({ id: seen.id }));
      expect(error.cause).toMatchObject({ code: '42501' });
      throw error;
    });
    await expect(blind).rejects.toMatchObject({ cause: { code: '42501' } });
    await check.execute(sql`drop owned by blind; drop role blind`);
  });

  test('outside a transaction an await means that the row stands', async () => {
    expect(countOf(await db.insert(users).values({ name: 'a' }))).toBe(1);
    expect(await check.$count(users)).toBe(1);
    expect((await errorOf(db.insert(users).values({ name: 'a' }))).cause).toMatchObject({ code: '23505' });
  });
});

describe('answers', () => {
  test('are what plain drizzle gives, also awaited again', async () => {
    const plain: PostgresJsDatabase = drizzle(database.client());
    const run = (side: PostgresJsDatabase) =>
      side.transaction(async (tx) => {
        const results: unknown[] = [];
        for (const number of range(5)) {
          const keyed = tx.insert(users).values([{ name: `a ${number}` }, { name: `b ${number}` }]);
          const given = tx.insert(tokens).values({ label: `${number}`, uses: number } as never);
          results.push(await keyed.returning());
          const { count, command, columns } = await tx
            .insert(logs)
            .values({ level: 'x', message: `${number}` });
          results.push({ count, command, columns });
          results.push(
            await tx
              .insert(organizations)
              .values({ name: `${number}` })
              .returning({ nested: organizations.id, n: organizations.name }),
          );
          await given;
        }
        return results;
      });
    const expected = await run(plain);
    await check.execute(emptyTables());
    expect(await run(db as unknown as PostgresJsDatabase)).toEqual(expected);
    await inTransaction(async (tx) => {
      const insert = tx.insert(users).values({ name: 'again' }).returning();
      expect(await insert).toBe(await insert);
      expect(() => (insert as unknown as { returning(): void }).returning()).toThrow(
        'has been written already',
      );
      await tx.flush();
      expect(await insert).toBe(await insert);
      expect(await tx.select().from(users).where(eq(users.name, 'again'))).toEqual(await insert);
    });
  });

  test('have keys of sequences with other increments, of GENERATED ALWAYS and of random uuids', async () => {
    const given: unknown[] = [];
    const made: unknown[] = [];
    await db.transaction(async (tx) => {
      for (const number of range(40)) {
        given.push(
          ...(await tx
            .insert(things)
            .values({ name: `${number}` })
            .returning()),
        );
        made.push(
          ...(await tx
            .insert(events)
            .values({ kind: `${number}` })
            .returning({ id: events.id, kind: events.kind })),
        );
      }
    });
    expect(given).toEqual(range(40).map((index) => ({ id: 7 + 3 * index, name: `${index}`, code: null })));
    expect(await check.select().from(things).orderBy(things.id)).toEqual(given);
    const kinds = await check.select({ id: events.id, kind: events.kind }).from(events);
    expect(kinds.toSorted(byKind)).toEqual((made as typeof kinds).toSorted(byKind));
  });

  test('a sequence that ends gives its last key, and then the error of the server', async () => {
    await check.execute(
      sql`create sequence twenty maxvalue 20; create table few (id int primary key default nextval('twenty'))`,
    );
    const few = pgTable('few', { id: integer('id').primaryKey().default(sql`nextval('twenty')`) });
    const ids: number[] = [];
    const loop = db.transaction(async (tx) => {
      for (;;) ids.push((await tx.insert(few).values({}).returning())[0]?.id as number);
    });
    await expect(loop).rejects.toMatchObject({ cause: { code: '2200H' } });
    expect(ids).toEqual(range(20).map((index) => index + 1));
    await check.execute(sql`drop table few; drop sequence twenty`);
  });

  test('references to rows that are told and not written have their keys', async () => {
    await inTransaction(async (tx) => {
      const user = tx.insert(users).values({ name: 'parent' });
      await user;
      await tx.insert(addresses).values({ email: 'a', userId: user.ref('id') });
      const [told] = await tx.insert(users).values({ name: 'other' }).returning();
      await tx.insert(addresses).values({ email: 'b', userId: told?.id });
    });
    const rows = await check
      .select({ name: users.name, email: addresses.email })
      .from(addresses)
      .innerJoin(users, eq(users.id, addresses.userId))
      .orderBy(addresses.email);
    expect(rows).toEqual([
      { name: 'parent', email: 'a' },
      { name: 'other', email: 'b' },
    ]);
  });

  test.each<
    [string, number, (tx: Tx, insert: (name: string) => ReturnType<typeof named>) => Promise<unknown>]
  >([
    [
      'a row called before',
      3,
      (tx, insert) =>
        Promise.all([insert('a'), tx.select().from(users), insert('b').returning(), insert('c')]),
    ],
    [
      'the row that they are drawn for',
      2,
      (tx, insert) =>
        Promise.all([insert('a').returning(), tx.select().from(users), insert('b').returning()]),
    ],
    [
      'a row called since',
      3,
      (tx, insert) => {
        const later = async () => {
          await null;
          await Promise.all([insert('b'), tx.select().from(users), insert('c').returning()]);
        };
        return Promise.all([insert('a').returning(), later()]);
      },
    ],
  ])(
    'keys rise in the order of the calls while they are drawn and a select takes ahead %s',
    async (_, count, work) => {
      await db.transaction(async (tx) => {
        // It returns nothing, so that no key is drawn for those behind it.
        await named(tx, '');
        await work(tx, (name) => named(tx, name));
      });
      const rows = await check.select({ name: users.name }).from(users).orderBy(users.id);
      expect(rows.map(({ name }) => name)).toEqual(['', 'a', 'b', 'c'].slice(0, 1 + count));
    },
  );

  test('no other session is given a key of a block', async () => {
    const clients = [1, 2].map(() =>
      batchedDrizzle(database.client({ max: 1 }), { batch: { awaits: 'queued' } }),
    );
    const ids: unknown[] = [];
    await Promise.all([
      ...clients.map((each) =>
        each.transaction(async (tx) => {
          for (const number of range(300)) {
            const [row] = await tx
              .insert(things)
              .values({ name: `${number}` })
              .returning({ id: things.id });
            ids.push(row?.id);
            if (number % 50 === 0) await tx.execute(sql`select 1`);
          }
        }),
      ),
      (async () => {
        for (const _ of range(100)) {
          const [row] = rowsOf(await check.execute(sql`select nextval('things_id_seq')::int as id`));
          ids.push(row?.id);
        }
      })(),
    ]);
    expect(new Set(ids).size).toBe(700);
    expect(await check.$count(things)).toBe(600);
  });
});

describe('errors', () => {
  /** The row is refused when it is written, and its caller has had the answer. */
  async function refusedLate(tx: Tx): Promise<void> {
    await check.insert(users).values({ name: 'taken' });
    for (const number of range(30)) await tx.insert(users).values({ name: `before ${number}` });
    await tx.insert(users).values({ name: 'taken' }).returning({ id: users.id });
    for (const number of range(30)) await tx.insert(users).values({ name: `behind ${number}` });
  }

  function expectTaken(error: DrizzleQueryError): void {
    expect(error.query).toBe('insert into "users" ("id", "name") values (default, $1) returning "id"');
    expect(error.params).toEqual(['taken']);
    expect(error.cause).toMatchObject({ code: '23505', detail: 'Key (name)=(taken) already exists.' });
    expect(error.stack).toContain('refusedLate');
    expect(error.stack).toMatch(/^DrizzleQueryError: Failed query: insert of 1 row into "users" failed/);
  }

  test('the statement that waits for the rows rejects with the error of the insert, its query, parameters and stack', async () => {
    const ended = inTransaction(async (tx) => {
      await refusedLate(tx);
      throw await errorOf(tx.select().from(users));
    });
    expectTaken(await errorOf(ended));
    expect(await check.select().from(users)).toMatchObject([{ name: 'taken' }]);
  });

  test('and so does the transaction, if its end waits for them', async () => {
    expectTaken(await errorOf(inTransaction(refusedLate)));
    expect(await check.$count(users)).toBe(1);
  });

  test('of few rows, each of which has a statement of its own, too', async () => {
    const few = inTransaction(async (tx) => {
      await check.insert(users).values({ name: 'taken' });
      const refusedLate = () => tx.insert(users).values({ name: 'taken' }).returning({ id: users.id });
      await refusedLate();
      await tx.insert(users).values({ name: 'behind' });
    });
    expectTaken(await errorOf(few));
  });

  test('flush() rejects with it as the cause', async () => {
    const flushed = inTransaction(async (tx) => {
      await refusedLate(tx);
      const error = await errorOf(tx.flush());
      expect(error.params).toEqual(['taken']);
      expectTaken(error.cause as DrizzleQueryError);
      throw error;
    });
    await expect(flushed).rejects.toThrow('flush failed');
  });

  test('every later await in the transaction rejects with it as the cause', async () => {
    const ended = inTransaction(async (tx) => {
      await refusedLate(tx);
      const first = await errorOf(tx.select().from(users));
      expectTaken(first);
      const later = [
        await errorOf(tx.insert(users).values({ name: 'later' })),
        await errorOf(tx.insert(logs).values({ level: 'x', message: 'later' })),
        await errorOf(tx.select().from(users)),
        await errorOf(tx.execute(sql`select 1`)),
      ];
      for (const error of later) expect(error.cause).toBe(first);
      expect(later[0]?.params).toEqual(['later']);
      await expect(tx.transaction(async () => 1)).rejects.toMatchObject({ cause: first });
    });
    expectTaken(await errorOf(ended));
  });

  test('an insert that is written when it is awaited rejects with it, if it waits for the rows', async () => {
    const ended = inTransaction(async (tx) => {
      await refusedLate(tx);
      throw await errorOf(tx.insert(seen).values({ name: 'x' }).returning());
    });
    expectTaken(await errorOf(ended));
  });

  test('a failure in a savepoint stays in it', async () => {
    await inTransaction(async (tx) => {
      await tx.insert(users).values({ name: 'kept' });
      const nested = tx.transaction((inner) => refusedLate(inner));
      expectTaken(await errorOf(nested));
      await tx.insert(users).values({ name: 'kept, too' });
    });
    const names = await check.select({ name: users.name }).from(users);
    expect(names.map(({ name }) => name).sort()).toEqual(['first', 'kept', 'kept, too', 'taken']);
  });

  test('the first row that fails in the order of the calls is the one that is told', async () => {
    const ended = inTransaction(async (tx) => {
      for (const number of range(50)) await tx.insert(users).values({ name: `${number}` });
      await tx.insert(users).values({ name: 'x'.repeat(51) });
      await tx.insert(addresses).values({ email: 'a', userId: -1 });
      await tx.insert(users).values({ name: '1' });
    });
    expect((await errorOf(ended)).cause).toMatchObject({ code: '22001' });
  });

  test.skipIf(!driver.ownTypes)('a row that can not be sent is refused where it is awaited', async () => {
    const refusing = {
      weird: {
        to: 23,
        from: [23],
        serialize: (value: unknown) => {
          if (value === 13) throw new Error('unlucky');
          return `${value}`;
        },
        parse: Number,
      },
    };
    const strict = batchedDrizzle(database.client({ own: { types: refusing } }), {
      batch: { awaits: 'queued' },
    });
    const refused = strict.transaction(async (tx) => {
      await tx.insert(addresses).values({ email: 'a' });
      await tx.insert(addresses).values({ email: 'b' });
      const error = await errorOf(tx.insert(addresses).values({ email: 'c', userId: 13 }));
      expect(error.params).toEqual(['c', 13]);
      throw error;
    });
    expect((await errorOf(refused)).cause?.message).toBe('unlucky');
  });

  test('a deferred constraint fails COMMIT, as ever', async () => {
    await check.execute(
      sql`create table parts (id serial primary key, of int references things deferrable initially deferred)`,
    );
    const parts = pgTable('parts', { id: serial('id').primaryKey(), of: integer('of') });
    const loop = async (tx: PostgresJsDatabase) => {
      for (const number of range(3))
        await tx.insert(parts).values({ of: number }).returning({ id: parts.id });
    };
    const plain = await drizzle(database.client())
      .transaction(loop)
      .catch((error: unknown) => error);
    const ours = await db.transaction(loop as never).catch((error: unknown) => error);
    expect(driver.unwrapped(ours as Error, /^commit$/)).toMatchObject(
      driver.errorOf({ code: '23503', table_name: 'parts' }),
    );
    expect((ours as Error).constructor.name).toBe((plain as Error).constructor.name);
    await check.execute(sql`drop table parts`);
  });
});

test('a transaction has its place in the line of the pool as soon as it is called', async () => {
  const client = database.client({ max: 1 });
  const queued = batchedDrizzle(client, { batch: { awaits: 'queued' } });
  const other = batchedDrizzle(client);
  const begun: string[] = [];
  const begin = (name: string) => async (): Promise<void> => {
    begun.push(name);
  };
  await Promise.all([
    queued.transaction(begin('first')),
    other.transaction(begin('second')),
    queued.transaction(begin('third')),
    other.transaction(begin('fourth')),
  ]);
  expect(begun).toEqual(['first', 'second', 'third', 'fourth']);
});

test('a callback that throws leaves nothing, and a row that was never written is no failure', async () => {
  const thrown = inTransaction(async (tx) => {
    for (const number of range(10)) await tx.insert(users).values({ name: `${number}` });
    throw new Error('enough');
  });
  await expect(thrown).rejects.toThrow('enough');
  expect(await check.$count(users)).toBe(0);
});

function byKind(one: { kind: string }, other: { kind: string }): number {
  return one.kind < other.kind ? -1 : 1;
}
