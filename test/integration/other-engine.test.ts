/** Engines that name themselves at the start of a connection. The server behind each is PostgreSQL. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { times } from '../support/copies.ts';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { causeCodes } from '../support/error-codes.ts';
import { manyEntries } from '../support/many-entries.ts';
import type { MessageRelay } from '../support/message-relay.ts';
import { startOtherEngine } from '../support/other-engine.ts';
import { addresses, users, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const engines: Record<string, Readonly<Record<string, string>>> = {
  CockroachDB: { crdb_version: 'CockroachDB CCL v26.3.0', server_version: '18.0.0' },
  YugabyteDB: { server_version: '15.12-YB-2025.2.0.0-b0' },
  Redshift: { server_version: '8.0.2' },
};

const own = /^(begin|commit|rollback|insert into "\w+" \([^)]*\) values )/;
const ours = /set_config|current_setting|batched_drizzle/;

describe.each(Object.entries(engines))('%s is recognised by its parameters,', (_, parameters) => {
  const check = drizzle(database.client({ max: 1 }));
  let engine: MessageRelay;

  beforeEach(async () => {
    await check.execute('truncate users, addresses, wide restart identity cascade');
    engine = await startOtherEngine(database.url, parameters);
  });
  afterEach(() => engine.close());

  async function start() {
    const relay = await database.relay({ target: engine.url });
    const db = batchedDrizzle(database.client({ url: relay.url, max: 2 }));
    return { relay, db };
  }

  /** What has been sent is drizzle's own. */
  function expectOwn(statements: readonly string[]): void {
    expect(statements.filter((statement) => ours.test(statement) || !own.test(statement))).toEqual([]);
  }

  test('and a transaction sends it the statements of drizzle, from the first on', async () => {
    const { relay, db } = await start();
    await db.transaction(async (tx) => {
      const queued = times(manyEntries, (n) =>
        tx
          .insert(users)
          .values({ name: `${n}` })
          .returning(),
      );
      expect((await Promise.all(queued)).flat().map(({ name }) => name)).toEqual(
        times(manyEntries, (n) => `${n}`),
      );
      const parent = tx.insert(users).values({ name: 'parent' });
      tx.insert(addresses).values({ email: 'child', userId: parent.ref('id') });
    });
    expectOwn(relay.statements);
    expect(await check.$count(users)).toBe(manyEntries + 1);
    expect(await check.$count(addresses)).toBe(1);
  });

  test('and each insert of a batch is a statement by itself', async () => {
    const { relay, db } = await start();
    await db.insert(users).values({ name: 'taken' });
    relay.reset();
    const names = [...times(20, (n) => `${n}`), 'taken'];
    const settled = await Promise.allSettled(names.map((name) => db.insert(users).values({ name })));
    expect(causeCodes(settled)).toEqual([...times(20, () => 'ok'), '23505']);
    expectOwn(relay.statements);
    expect(relay.statements).not.toContain('begin');
  });

  test('also a batch that is the first of a cold client', async () => {
    const { relay, db } = await start();
    await Promise.all(times(20, (n) => db.insert(users).values({ name: `${n}` })));
    expectOwn(relay.statements);
    expect(relay.statements.filter((statement) => /^insert/.test(statement))).toHaveLength(20);
  });

  test('also one insert of many rows with which a cold client begins, though a question has left ahead of it', async () => {
    const { relay, db } = await start();
    await db.insert(users).values(times(100, (n) => ({ name: `${n}` })));
    const inserts = relay.statements.filter((statement) => /^(insert|copy)/.test(statement));
    expect(inserts).toHaveLength(1);
    expectOwn(inserts);
  });

  test('and values that need the type of their column are sent as drizzle sends them', async () => {
    const { relay, db } = await start();
    await db.execute('select 1');
    relay.reset();
    const row = {
      flag: true,
      document: { a: [1] },
      labels: ['x', 'y,z'],
      counts: [1],
      moment: new Date(0),
      whole: 1,
    };
    await db.transaction(async (tx) => {
      tx.insert(wide).values([row, { ...row, whole: 2 }]);
      await tx.insert(wide).values({ ...row, whole: 3 });
    });
    expectOwn(relay.statements);
    const [first, ...others] = await check.select().from(wide);
    expect(first).toMatchObject(row);
    expect(others).toHaveLength(2);
  });

  test('and load() writes by INSERT', async () => {
    const { relay, db } = await start();
    await db.load(
      users,
      times(50, (n) => ({ name: `${n}` })),
    );
    expectOwn(relay.statements.filter((statement) => !/savepoint/.test(statement)));
    expect(await check.$count(users)).toBe(50);
  });
});
