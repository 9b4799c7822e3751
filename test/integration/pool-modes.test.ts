import { setTimeout } from 'node:timers/promises';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { times } from '../support/copies.ts';
import { countedJobs } from '../support/counted-jobs.ts';
import { batchedDrizzle, driver } from '../support/drivers/chosen.ts';
import { causeCodes, codesOf } from '../support/error-codes.ts';
import { settling } from '../support/flights.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf } from '../support/process-events.ts';
import { runCountedJob } from '../support/run-counted-job.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { type TestDatabase, useDatabase } from '../support/test-database.ts';
import { usePooler } from '../support/test-pooler.ts';

// Each test is skipped if PgBouncer is not installed. pooler.test.ts has its transaction mode.

const database = useDatabase();
const session = usePooler(database, 4, 'session');
const statement = usePooler(database, 4, 'statement');

let check: Sql;

beforeEach(async () => {
  check = database.connect({ max: 1 });
  await check.unsafe('truncate users, addresses, logs restart identity cascade');
});

describe('through PgBouncer in session mode the trips and the results are those without it:', () => {
  test.each(countedJobs)('$name', async (job) => {
    const direct = await runCountedJob(database, job);
    expect(await runCountedJob(session, job)).toEqual(direct);
  });
});

const log = (message: string) => ({ level: 'info', message });

const written = async (): Promise<number> => (await check`select from logs`).length;

describe('through PgBouncer in statement mode', () => {
  const connect = (): BatchedDatabase => batchedDrizzle(statement.client({ max: 3 }));

  test.each([
    ['few inserts', 2],
    ['a whole batch', 60],
    ['a batch that a queue limit cuts', 200],
  ])('%s of one turn are written, each by the statement of drizzle', async (_, count) => {
    const relay = await statement.relay();
    const db = batchedDrizzle(statement.client({ url: relay.url, max: 3 }), { batch: { maxRows: 100 } });
    const rows = await Promise.all(
      times(count, (n) =>
        db
          .insert(logs)
          .values(log(`${n}`))
          .returning(),
      ),
    );
    expect(rows.map(([row]) => row?.message)).toEqual(times(count, (n) => `${n}`));
    expect(await written()).toBe(count);
    relay.reset();
    const own = db.insert(logs).values(log('one more'));
    await Promise.all([own, db.insert(logs).values(log('and another'))]);
    // What has been learned is not asked again.
    expect(new Set(relay.statements)).toEqual(new Set([own.toSQL().sql]));
    expect(relay.statements).toHaveLength(2);
  });

  test('values that need the type of their column, and rows over the limit of a statement of its own, are written', async () => {
    const db = connect();
    await Promise.all(
      ['a', 'b'].map((name) =>
        db
          .insert(users)
          .values(times(40, (n) => ({ name: `${name} ${n}` })))
          .returning(),
      ),
    );
    expect(await check`select from users`).toHaveLength(80);
  });

  test('a bad insert rejects alone, as in drizzle', async () => {
    await check`insert into users (name) values ('taken')`;
    const db = connect();
    const inserts = ['a', 'taken', 'b'].map((name) => db.insert(users).values({ name }));
    expect(causeCodes(await Promise.allSettled(inserts))).toEqual(['ok', '23505', 'ok']);
    expect(await check`select from users`).toHaveLength(3);
  });

  const transactions: Record<string, (db: PostgresJsDatabase) => Promise<unknown>> = {
    'that only queues': (db) =>
      db.transaction(async (tx) => {
        for (const name of ['a', 'b'])
          tx.insert(logs)
            .values(log(name))
            .catch(() => {});
      }),
    'whose inserts share statements': (db) =>
      db.transaction(async (tx) => {
        for (const name of times(manyEntries, (n) => `${n}`))
          tx.insert(logs)
            .values(log(name))
            .catch(() => {});
      }),
    'that awaits its inserts': (db) =>
      db.transaction(async (tx) => {
        const [user] = await tx.insert(users).values({ name: 'a' }).returning();
        await tx.insert(addresses).values({ email: 'a', userId: user?.id });
      }),
    'that reads': (db) => db.transaction((tx) => tx.select().from(users)),
  };

  test.each(Object.keys(transactions))(
    'a transaction %s fails as in drizzle, and nothing is written',
    async (name) => {
      const run = transactions[name] as (typeof transactions)[string];
      // PgBouncer closes the connection. If bytes are unread by then, the system sends a reset. The relay reads all of them.
      const { url } = await statement.relay();
      const expected = await rejectionOf(run(driver.reference(statement.client({ url, max: 3 }))));
      const db = batchedDrizzle(statement.client({ url, max: 3 }));
      for (const _ of ['first', 'second']) {
        const settled = await settling(run(db), `a transaction ${name}`);
        expect(settled.status).toBe('rejected');
        const { reason } = settled as PromiseRejectedResult;
        expect(codesOf(reason)).toEqual(codesOf(expected));
        expect(String(reason.message)).not.toMatch(/unknown/);
      }
      expect(await written()).toBe(0);
      // It is not left in a state that keeps the next insert out.
      await db.insert(logs).values(log('next'));
      expect(await written()).toBe(1);
    },
  );

  test('flush() writes what is queued', async () => {
    const db = connect();
    for (const name of ['a', 'b', 'c']) db.insert(logs).values(log(name));
    expect(await db.flush()).toMatchObject({ rows: 3 });
    expect(await written()).toBe(3);
  });

  test('load() rejects, and nothing is written', async () => {
    await rejectionOf(connect().load(logs, [log('a')]));
    expect(await written()).toBe(0);
  });
});

test('the first COMMIT of a client waits for BEGIN behind a pooler, once, and not without one', async () => {
  /** Whether COMMIT is sent while BEGIN is not answered, for two transactions on one connection. */
  const sentAhead = async (of: Pick<TestDatabase, 'faultRelay' | 'client'>): Promise<boolean[]> => {
    const relay = await of.faultRelay();
    const db = batchedDrizzle(of.client({ url: relay.url, max: 1 }));
    await db.execute('select 1');
    const ahead: boolean[] = [];
    for (const message of ['first', 'second']) {
      const begun = relay.hold({ side: 'server', words: /^BEGIN$/ });
      const done = db.transaction(async (tx) => {
        tx.insert(users).values({ name: message });
        tx.insert(logs).values(log(message));
      });
      const wire = await begun;
      let isReleased = false;
      const ofCommit = wire.sent(/^commit/i).then(() => !isReleased);
      await wire.sent(/^insert into "logs"/);
      // Whatever the turn of the inserts sends has left by then.
      await setTimeout(20);
      isReleased = true;
      wire.release();
      ahead.push(await ofCommit);
      await done;
    }
    await check`truncate users, logs restart identity cascade`;
    return ahead;
  };
  expect(await sentAhead(database)).toEqual([true, true]);
  expect(await sentAhead(session)).toEqual([false, true]);
});
