/** Outside a transaction: inserts are sent together, but each succeeds or fails by itself. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase, FlushMessage } from '../../src/index.ts';
import { BatchedInsertError } from '../../src/take/insert-error.ts';
import { emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle, errorOf } from '../support/drivers/chosen.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, events, logs, members, organizations, teams, users, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/**
 * Raises the error that a row names, either always or only in a batch. A batch is recognised by its
 * `lock_timeout`.
 */
const picky = pgTable('picky', {
  id: serial('id').primaryKey(),
  wish: text('wish').notNull(),
  lockTimeout: text('lock_timeout').default(sql`current_setting('lock_timeout')`),
  transaction: integer('transaction').default(sql`txid_current()`),
});
/**
 * The same of a table that is proved. Its error is a division by zero, which a relay gives the code that is
 * wanted.
 */
const proved = pgTable('proved', {
  id: serial('id').primaryKey(),
  wish: text('wish').notNull(),
  lockTimeout: text('lock_timeout').default(sql`current_setting('lock_timeout')`),
});
/** One row, which names a user. */
const chosen = pgTable('chosen', { key: integer('key').primaryKey(), userId: integer('user_id') });
const upserted = pgTable('upserted', { id: serial('id').primaryKey(), name: text('name').unique() });
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const always = (code: string) => `always ${code}`;
const inBatch = (code: string) => `in a batch ${code}`;

const check = drizzle(database.client());
let db: BatchedDatabase;

beforeAll(async () => {
  await check.execute(sql`create function grant_wish(wish text) returns boolean language plpgsql as $$
    begin
      if wish like 'always %' or wish like 'in a batch %' and current_setting('lock_timeout') = '100ms' then
        raise exception 'as you wish' using errcode = right(wish, 5);
      end if;
      return true;
    end $$`);
  await check.execute(sql`create table picky (
    id serial primary key, wish text not null check (grant_wish(wish)),
    lock_timeout text default current_setting('lock_timeout'), transaction int default txid_current())`);
  await check.execute(sql`create table proved (
    id serial primary key,
    wish text not null check (
      case when wish = 'always' or wish = 'in a batch' and current_setting('lock_timeout') = '100ms'
        then 1 / (length(wish) - length(wish)) = 0 else true end),
    lock_timeout text default current_setting('lock_timeout'))`);
  await check.execute(sql`create table chosen (key int primary key, user_id int)`);
  await check.execute(sql`create table upserted (id serial primary key, name text unique)`);
});
beforeEach(async () => {
  await check.execute(emptyTables());
  await check.execute(sql`truncate picky, proved, upserted restart identity`);
  db = batchedDrizzle(database.client());
  await db.insert(picky).values({ wish: 'to be known' });
  await check.execute(sql`truncate picky restart identity`);
});

/** A database on which the errors of `proved` have the code. */
async function refusingWith(code: string): Promise<BatchedDatabase> {
  const relay = await database.faultRelay();
  relay.translate('22012', code);
  return batchedDrizzle(database.client({ url: relay.url }));
}

/** Messages of inserts of one turn, too many for a pipeline of transactions on pg. */
const few = ['a', 'b', 'c', 'd'];

const insertsInto = (statements: readonly string[], table: string) =>
  statements.filter((statement) => statement.startsWith(`insert into "${table}"`)).length;

const codes = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.map((result) => (result.status === 'rejected' ? result.reason.cause.code : 'written'));

describe('each entry commits or fails alone', () => {
  test('the culprit rejects with its own database error, all others commit', async () => {
    await check.insert(users).values({ name: 'taken' });
    const settled = await Promise.allSettled([
      db.insert(logs).values([
        { level: 'info', message: 'a' },
        { level: 'info', message: 'b' },
      ]),
      db.insert(users).values({ name: 'taken' }),
      db.insert(users).values({ name: 'free' }).returning(),
    ]);
    expect(codes(settled)).toEqual(['written', '23505', 'written']);
    const { reason } = settled[1] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(BatchedInsertError);
    expect(reason.cause).toBeInstanceOf(driver.DatabaseError);
    expect(reason.cause).toMatchObject(
      errorOf({ constraint_name: 'users_name_unique', detail: 'Key (name)=(taken) already exists.' }),
    );
    const rows = await check.select().from(users).where(sql`name = 'free'`);
    expect((settled[2] as PromiseFulfilledResult<unknown>).value).toEqual(rows);
    expect(await check.$count(logs)).toBe(2);
  });

  test('an insert that is refused behind those of the calls before it is not sent again', async () => {
    await check.insert(users).values({ name: 'taken' });
    const { db, count } = await startCounted(database);
    const { trips, statements, result } = await count(() =>
      Promise.allSettled([
        ...few.map((message) => db.insert(logs).values({ level: 'info', message })),
        db.insert(users).values({ name: 'taken' }),
      ]),
    );
    expect(codes(result)).toEqual([...few.map(() => 'written'), '23505']);
    expect(insertsInto(statements, 'users')).toBe(1);
    expect(trips).toBe(2);
    expect(await check.$count(logs)).toBe(few.length);
  });

  test('of several that are refused the one that was called first is heard first', async () => {
    const order: string[] = [];
    const upserts = range(12).map((n) =>
      db
        .insert(upserted)
        .values({ name: n % 2 === 0 ? 'a' : 'b' })
        .onConflictDoUpdate({ target: upserted.name, set: { name: sql`${upserted.name} || 'x'` } })
        .then(
          () => order.push(`${n} is written`),
          () => order.push(`${n} is refused`),
        ),
    );
    await Promise.all(upserts);
    expect(order).toEqual(range(12).map((n) => `${n} is ${n < 6 ? 'written' : 'refused'}`));
  });

  test('one that is refused is heard in its place among those that are written', async () => {
    await check.insert(upserted).values({ name: 'name 3' });
    const order: string[] = [];
    const inserts = range(8).map((n) =>
      db
        .insert(upserted)
        .values({ name: `name ${n}` })
        .then(
          () => order.push(`${n} is written`),
          () => order.push(`${n} is refused`),
        ),
    );
    await Promise.all(inserts);
    expect(order).toEqual(range(8).map((n) => `${n} is ${n === 3 ? 'refused' : 'written'}`));
  });

  test.skipIf(!driver.ownTypes)(
    'those that are refused are heard in their places, also by a client with serialisers of its own',
    async () => {
      const own = batchedDrizzle(database.client({ own: driver.ownTypes ?? {} }));
      const order: string[] = [];
      const inserts = [
        own.insert(wide).values([{ title: 'a' }, { title: 'b', bytes: Buffer.from([0, 255]) }]),
        own.insert(events).values({ kind: 'a', payload: { no: '\u0000' } }),
        own.insert(addresses).values([{ email: 'a', userId: 999_999_999 }, { email: 'b' }]),
      ].map((insert, n) =>
        insert.then(
          () => order.push(`${n} is written`),
          ({ cause }) => order.push(`${n} is refused: ${cause.code}`),
        ),
      );
      await Promise.all(inserts);
      expect(order).toEqual(['0 is written', '1 is refused: 22P05', '2 is refused: 23503']);
    },
  );

  test('those of several tables are heard in the order of the calls', async () => {
    const order: number[] = [];
    const inserts = range(32).map((n) => {
      const insert =
        n % 2 === 0
          ? db.insert(logs).values({ level: 'info', message: `${n}` })
          : db.insert(users).values({ name: `${n}` });
      return insert.then(() => order.push(n));
    });
    await Promise.all(inserts);
    expect(order).toEqual(range(32));
  });

  test('it is sent again if one of those before it is not written', async () => {
    await check.insert(users).values({ name: 'taken' });
    await check.execute(sql`
      alter table logs add constraint late unique (message) deferrable initially deferred`);
    const { db, count } = await startCounted(database);
    const { statements, result } = await count(() =>
      Promise.allSettled([
        ...[...few, 'a'].map((message) => db.insert(logs).values({ level: 'info', message })),
        db.insert(users).values({ name: 'taken' }),
      ]),
    );
    await check.execute(sql`alter table logs drop constraint late`);
    expect(codes(result)).toEqual([...few.map(() => 'written'), '23505', '23505']);
    expect(insertsInto(statements, 'users')).toBe(2);
  });

  test('it is sent again if one of a later call was sent before it', async () => {
    await check.insert(users).values({ name: 'taken' });
    const { db, count } = await startCounted(database);
    const log = (message: string) => db.insert(logs).values({ level: 'info', message });
    const { statements, result } = await count(() =>
      Promise.allSettled([log('a'), db.insert(users).values({ name: 'taken' }), ...few.map(log)]),
    );
    expect(codes(result)).toEqual(['written', '23505', ...few.map(() => 'written')]);
    expect(insertsInto(statements, 'users')).toBe(2);
  });

  const tables = [
    [proved, 'always', '22012'],
    [picky, always('22000'), '22000'],
  ] as const;
  test.each([{}, { keys: 'client' }, { parameters: 'describe' }] as const)('with %j, too', async (batch) => {
    for (const [table, bad, code] of tables) {
      const other = batchedDrizzle(database.client(), { batch });
      const wishes = Array.from({ length: 100 }, (_, index) => (index % 40 === 7 ? bad : 'none'));
      const settled = await Promise.allSettled(
        wishes.map((wish) => other.insert(table).values({ wish }).returning()),
      );
      expect(codes(settled)).toEqual(wishes.map((wish) => (wish === 'none' ? 'written' : code)));
      expect(await check.$count(table)).toBe(97);
    }
  });

  test('1,000 concurrent inserts of which 10 violate a constraint: 990 rows, 10 errors, at most 100 round trips', async () => {
    const { db, count, plain } = await startCounted(database);
    await plain.insert(users).values(Array.from({ length: 10 }, (_, index) => ({ name: `taken ${index}` })));
    const names = Array.from({ length: 1_000 }, (_, index) =>
      index % 100 === 37 ? `taken ${Math.floor(index / 100)}` : `name ${index}`,
    );
    const { trips, result } = await count(() =>
      Promise.allSettled(names.map((name) => db.insert(users).values({ name }).returning())),
    );
    expect(codes(result)).toEqual(names.map((name) => (name.startsWith('taken') ? '23505' : 'written')));
    expect(trips).toBeLessThanOrEqual(100);
    expect(await check.$count(users)).toBe(1_000);
    for (const [index, settled] of result.entries()) {
      if (settled.status === 'fulfilled')
        expect(settled.value).toEqual([{ id: expect.any(Number), name: names[index] }]);
      else expect(settled.reason.cause.detail).toBe(`Key (name)=(${names[index]}) already exists.`);
    }
  });

  test('what is sent again has the keys that it was given first', async () => {
    const wishes = Array.from({ length: 200 }, (_, index) => (index === 100 ? 'always' : `${index}`));
    const settled = await Promise.allSettled(
      wishes.map((wish) => db.insert(proved).values({ wish }).returning({ id: proved.id })),
    );
    const ids = settled.map((result) => (result.status === 'fulfilled' ? result.value[0]?.id : undefined));
    const [first] = ids as [number];
    // In plain drizzle a failed insert takes a key too.
    expect(ids).toEqual(wishes.map((_, index) => (index === 100 ? undefined : first + index)));
    const [next] = await check.insert(proved).values({ wish: 'next' }).returning();
    expect(next?.id).toBe(first + 200);
  });

  test('keys GENERATED ALWAYS are had again, too', async () => {
    const emails = Array.from({ length: 10 }, (_, index) => `${index}@example.com`);
    const settled = await Promise.allSettled([
      ...emails.map((email) => db.insert(addresses).values({ email }).returning({ id: addresses.id })),
      db.insert(addresses).values({ email: 'orphan', userId: 999 }),
      db.insert(addresses).values({ email: 'own', id: 999 } as never),
    ]);
    expect(codes(settled)).toEqual([...emails.map(() => 'written'), '23503', '428C9']);
    expect((await check.select().from(addresses)).map(({ email }) => email).sort()).toEqual(emails);
  });

  test('unreachable tables, values that fit no column and too many parameters are of their callers alone', async () => {
    const missing = pgTable('missing', { id: serial('id').primaryKey() });
    const settled = await Promise.allSettled([
      db.insert(missing).values({}),
      db.insert(picky).values({ wish: 'fine' }),
      db.insert(picky).values({ wish: 'wrong', transaction: 'no number' as never }),
      db
        .insert(picky)
        .values(Array.from({ length: 70_000 }, () => ({ wish: sql`${'many'}` })))
        .onConflictDoNothing(),
    ]);
    expect(codes(settled)).toEqual(['42P01', 'written', '22P02', 'MAX_PARAMETERS_EXCEEDED']);
    expect((await check.select().from(picky)).map(({ wish }) => wish)).toEqual(['fine']);
  });

  test('the insert that refers to a failed one rejects with that failure as its cause, and no other', async () => {
    const good = db.insert(organizations).values({ name: 'good' });
    const bad = db.insert(organizations).values({ name: null as never });
    const inserts = [
      good,
      bad,
      db.insert(teams).values({ name: 'of good', organizationId: good.ref('id') }),
      db.insert(teams).values({ name: 'of bad', organizationId: bad.ref('id') }),
    ];
    const member = db.insert(members).values({ email: 'a', teamId: 999 });
    const settled = await Promise.allSettled([...inserts, member]);
    expect(codes(settled)).toEqual(['written', '23502', 'written', 'BAD_REFERENCE', '23503']);
    const failure = (settled[1] as PromiseRejectedResult).reason;
    expect((settled[3] as PromiseRejectedResult).reason.cause.cause).toBe(failure);
    expect(await check.select({ name: teams.name }).from(teams)).toEqual([{ name: 'of good' }]);
  });

  test('57014 may come only from batching: the batch is split', async () => {
    // The server takes some milliseconds to check a row, and far more than the timeout to check them all.
    await check.execute(
      sql`create table slow (id serial primary key, note text not null check (md5(repeat(note, 2000000)) <> ''))`,
    );
    const slow = pgTable('slow', { id: serial('id').primaryKey(), note: text('note').notNull() });
    const hurried = batchedDrizzle(database.client({ connection: { statement_timeout: 250 } }));
    const notes = Array.from({ length: 240 }, (_, index) => `${index % 10}`);
    const rows = await Promise.all(notes.map((note) => hurried.insert(slow).values({ note }).returning()));
    expect(rows.map(([row]) => row?.note)).toEqual(notes);
    expect(await check.$count(slow)).toBe(240);
    // All of one call are one statement, as in drizzle.
    const many = hurried.insert(slow).values(notes.map((note) => ({ note })));
    expect((await rejectionOf(many)).cause).toMatchObject({ code: '57014' });
    expect(await check.$count(slow)).toBe(240);
  });

  test('entries that are not proved have a statement_timeout each', async () => {
    await check.execute(
      sql`create table idle (id serial primary key, waited text default pg_sleep(0.15)::text)`,
    );
    const idle = pgTable('idle', { id: serial('id').primaryKey(), waited: text('waited') });
    const hurried = batchedDrizzle(database.client({ connection: { statement_timeout: 400 } }));
    await hurried.insert(idle).values({});
    await Promise.all(
      Array.from({ length: 6 }, () => hurried.insert(idle).values({ waited: sql`pg_sleep(0.15)::text` })),
    );
    expect(await check.$count(idle)).toBe(7);
    await Promise.all(Array.from({ length: 6 }, () => hurried.insert(idle).values({}).returning()));
    expect(await check.$count(idle)).toBe(13);
  });

  const hopeless = ['08006', '53100', '53200', '57P03'];

  test.each(hopeless)('%s rejects all, unsplit, if sharing is proved', async (code) => {
    const refusing = await refusingWith(code);
    // An entry by itself asks for no facts.
    await Promise.all(['to', 'be known'].map((wish) => refusing.insert(proved).values({ wish })));
    const seen: FlushMessage[] = [];
    const note = (message: unknown): void => void seen.push(message as FlushMessage);
    subscribe('batched-drizzle:flush', note);
    try {
      const settled = await Promise.allSettled(
        ['fine', 'always', 'fine', 'too'].map((wish) => refusing.insert(proved).values({ wish })),
      );
      expect(codes(settled)).toEqual([code, code, code, code]);
    } finally {
      unsubscribe('batched-drizzle:flush', note);
    }
    expect(seen).toMatchObject([{ event: 'start' }, { event: 'error', report: { rows: 0, roundTrips: 1 } }]);
    expect(await check.$count(proved)).toBe(2);
  });

  test.each(hopeless)('%s rejects only the entry that had it, if sharing is not proved', async (code) => {
    const { db, count } = await startCounted(database);
    await Promise.all(['to', 'be known'].map((wish) => db.insert(picky).values({ wish })));
    const { trips, result } = await count(() =>
      Promise.allSettled(['fine', always(code), 'fine'].map((wish) => db.insert(picky).values({ wish }))),
    );
    expect(codes(result)).toEqual(['written', code, 'written']);
    expect(trips).toBe(1);
    expect(await check.$count(picky)).toBe(4);
  });
});

describe('a batch does not wait where one entry alone would wait', () => {
  const contention = ['55P03', '40P01', '40001'];

  test.each(contention)('on %s the entries are sent alone, if sharing is proved', async (code) => {
    const refusing = await refusingWith(code);
    const wishes = ['none', 'in a batch', 'none', 'in a batch'];
    const rows = await Promise.all(
      wishes.map((wish) => refusing.insert(proved).values({ wish }).returning()),
    );
    expect(rows.map(([row]) => row?.wish)).toEqual(wishes);
    const stored = await check.select({ lockTimeout: proved.lockTimeout, by: sql`xmin::text` }).from(proved);
    expect(new Set(stored.map(({ by }) => by)).size).toBe(4);
    expect(new Set(stored.map(({ lockTimeout }) => lockTimeout))).toEqual(new Set(['0']));
  });

  test.each(contention)('on %s those that had it are sent alone, if sharing is not proved', async (code) => {
    const wishes = ['none', inBatch(code), 'none', inBatch(code)];
    const rows = await Promise.all(wishes.map((wish) => db.insert(picky).values({ wish }).returning()));
    expect(rows.map(([row]) => row?.wish)).toEqual(wishes);
    const stored = await check.select().from(picky);
    expect(new Set(stored.map(({ transaction }) => transaction)).size).toBe(4);
    for (const { wish, lockTimeout } of stored) expect(lockTimeout).toBe(wish === 'none' ? '100ms' : '0');
  });

  test.each(contention)('%s of an entry that is alone is its own', async (code) => {
    const settled = await Promise.allSettled([
      db.insert(picky).values({ wish: always(code) }),
      db.insert(picky).values({ wish: 'none' }),
    ]);
    expect(codes(settled)).toEqual([code, 'written']);
    const lone = await Promise.allSettled([db.insert(picky).values({ wish: always(code) })]);
    expect(codes(lone)).toEqual([code]);
  });

  test('an open transaction holds the lock that one entry needs, while its callback awaits another', async () => {
    const plain = drizzle(database.client());
    let blocked: Promise<unknown> = Promise.resolve();
    await plain.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'held' });
      blocked = db
        .insert(users)
        .values({ name: 'held' })
        .then(
          () => 'written',
          (error) => error.cause.code,
        );
      const [free] = await db.insert(users).values({ name: 'free' }).returning();
      expect(free?.name).toBe('free');
    });
    expect(await blocked).toBe('23505');
  });

  test.each([0, 1])(
    'an insert that refers to one which waits holds up no other (%s turns later)',
    async (turns) => {
      const plain = drizzle(database.client());
      let waiting: Promise<readonly Error[]> = Promise.resolve([]);
      await plain.transaction(async (tx) => {
        await tx.insert(users).values({ name: 'held' });
        const held = db.insert(users).values({ name: 'held' });
        const parent = db.insert(users).values({ name: 'parent' });
        const parents = Promise.all([rejectionOf(held), parent]);
        if (turns > 0) await turn();
        const child = db.insert(addresses).values({ email: 'a', userId: held.ref('id') });
        waiting = Promise.all([parents.then(([error]) => error), rejectionOf(child)]);
        const [[free], [other]] = await Promise.all([
          db.insert(users).values({ name: 'free' }).returning(),
          db
            .insert(addresses)
            .values({ email: 'b', userId: parent.ref('id') })
            .returning(),
        ]);
        expect(free?.name).toBe('free');
        expect(other?.email).toBe('b');
      });
      const [failed, child] = await waiting;
      expect(failed).toMatchObject({ cause: { code: '23505' } });
      expect(child).toMatchObject({ cause: { code: 'BAD_REFERENCE', cause: failed } });
    },
  );

  test('nor does one that can share no pipeline, or stands in the other half of the batch', async () => {
    const plain = drizzle(database.client());
    let blocked: Promise<unknown> = Promise.resolve();
    await plain.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'held' });
      // Refused first, so that the batch is split before it reaches the lock.
      const refused = rejectionOf(db.insert(proved).values({ wish: 'always' }));
      const held = [{ name: sql`${'held'}` }, { name: sql`${'held too'}` }];
      blocked = rejectionOf(db.insert(users).values(held));
      const rows = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          db
            .insert(users)
            .values({ name: `free ${index}` })
            .returning(),
        ),
      );
      expect(rows.flat()).toHaveLength(100);
      await refused;
    });
    expect(await blocked).toMatchObject({ cause: { code: '23505' } });
  });

  test('whoever hears of the first may free the lock that others of a split batch wait for', async () => {
    await check.insert(upserted).values({ name: 'taken' });
    const holder = drizzle(database.client({ max: 1 }));
    const db = batchedDrizzle(database.client({ max: 1 }));
    const held = holder.transaction(async (tx) => {
      await tx.insert(upserted).values(range(10).map((n) => ({ name: `locked ${n}` })));
      const inserts = range(100).map((n) => {
        if (n === 40) return db.insert(upserted).values({ name: 'taken' });
        return n > 0 && n < 11
          ? db.insert(upserted).values({ name: `locked ${n - 1}` })
          : db.insert(logs).values({ level: 'info', message: `${n}` });
      });
      const all = Promise.allSettled(inserts);
      await inserts[0];
      return { all };
    });
    const settled = await (await held).all;
    expect(codes(settled).filter((code) => code !== 'written')).toEqual(Array(11).fill('23505'));
  });

  test('the same holds for those that are split', async () => {
    const plain = drizzle(database.client());
    let blocked: Promise<unknown> = Promise.resolve();
    await plain.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'held' });
      // The violation is found before the lock is reached, so that the batch is split first.
      const failed = rejectionOf(db.insert(proved).values({ wish: 'always' }));
      blocked = rejectionOf(db.insert(users).values({ name: 'held' }));
      const [free] = await db.insert(users).values({ name: 'free' }).returning();
      expect(free?.name).toBe('free');
      expect(((await failed).cause as { code: string }).code).toBe('22012');
    });
    expect(await blocked).toMatchObject({ cause: { code: '23505' } });
  });

  test.each([
    ['of none is 100 ms', 0, '100ms'],
    ['of a second is 100 ms', 1_000, '100ms'],
    ["never above the user's own", 50, '50ms'],
  ])('lock_timeout %s in a batch', async (_, own, expected) => {
    for (const batch of [{}, { keys: 'client' }] as const) {
      const client = database.client({ connection: { lock_timeout: own }, max: 1 });
      const other = batchedDrizzle(client, { batch });
      const rows = await Promise.all(
        ['a', 'b'].map((wish) => other.insert(proved).values({ wish }).returning()),
      );
      expect(rows.map(([row]) => row?.lockTimeout)).toEqual([expected, expected]);
      const [after] = await driver.query(
        client,
        `select setting from pg_settings where name = 'lock_timeout'`,
      );
      expect(after?.setting).toBe(`${own}`);
    }
  });

  test("lock_timeout is the user's own in a transaction of the user's, and for a row that is alone", async () => {
    await db.transaction(async (tx) => {
      tx.insert(picky).values([{ wish: 'a' }, { wish: 'b' }]);
    });
    await db.insert(picky).values({ wish: 'c' });
    await db.insert(picky).values([{ wish: 'd' }, { wish: 'e' }]);
    expect((await check.select().from(picky)).map(({ lockTimeout }) => lockTimeout)).toEqual(
      Array(5).fill('0'),
    );
  });
});

test('of upserts that refer to rows of their batch the last one stays, also beside an insert that the server refuses', async () => {
  for (let round = 0; round < 10; round++) {
    // The first batch of a client learns what the tables are, and goes other ways than the next one.
    const own = batchedDrizzle(database.client({ max: 3 }));
    const owners = ['a', 'b', 'c', 'd', 'e'].map((name) => own.insert(users).values({ name: name + round }));
    const upserts = owners.map((owner) => {
      const set = { userId: owner.ref('id') };
      return own
        .insert(chosen)
        .values({ key: 1, ...set })
        .onConflictDoUpdate({ target: chosen.key, set });
    });
    const refused = own.insert(proved).values({ wish: 'always' });
    const all = owners.flatMap((owner, n) => [owner.returning(), upserts[n]]);
    const [results] = await Promise.all([Promise.all(all), expect(refused).rejects.toThrow()]);
    const [last] = results.at(-2) as { id: number }[];
    expect(await check.select().from(chosen)).toEqual([{ key: 1, userId: last?.id }]);
  }
});
