/**
 * Two shards behind a coordinator, by postgres_fdw: three databases of one server, with a relay between coordinator and shard.
 * A server of its own for each would behave the same, and take seconds to start.
 */
import { sql } from 'drizzle-orm';
import { integer, pgTable, serial, text, uuid } from 'drizzle-orm/pg-core';
import type { Sql } from 'postgres';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { times } from '../support/copies.ts';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { causeCodes } from '../support/error-codes.ts';
import { hasForeignTables, makeForeignServer } from '../support/foreign-tables.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { useDatabase } from '../support/test-database.ts';

const coordinator = useDatabase();
const shards = [useDatabase(), useDatabase()] as const;

const parents = pgTable('parents', { id: serial('id').primaryKey(), name: text('name') });
const children = pgTable('children', {
  id: serial('id').primaryKey(),
  parentId: integer('parent_id'),
  email: text('email'),
});
/** A table of one shard. */
const remote = pgTable('remote', { id: serial('id').primaryKey(), name: text('name') });

let check: Sql;
let db: BatchedDatabase;
let isAble = false;
const relays: Relay[] = [];

/** A table of the coordinator with a partition on each shard. */
const sharded = (name: string, columns: string) => `
  create table ${name} (${columns}) partition by hash (id);
  ${shards.map((_, n) => `create foreign table ${name}_${n} partition of ${name} for values with (modulus 2, remainder ${n}) server shard_${n};`).join('')}`;

beforeAll(async () => {
  const client = coordinator.connect({ max: 1 });
  isAble = await hasForeignTables(client);
  if (!isAble) return;
  for (const [n, shard] of shards.entries()) {
    const relay = await startRelay({ target: shard.url });
    relays.push(relay);
    await makeForeignServer(client, `shard_${n}`, relay.url);
    await shard.connect({ max: 1 }).unsafe(`
      create table parents_${n} (id int primary key, name text unique);
      create table children_${n} (id int primary key, parent_id int, email text);
      create table remote (id int, name text)`);
  }
  await client.unsafe(`
    ${sharded('parents', 'id serial, name text')}
    ${sharded('children', 'id serial, parent_id int, email text')}
    create sequence remote_id_seq;
    create foreign table remote (id int default nextval('remote_id_seq'), name text) server shard_0`);
  return () => Promise.all(relays.splice(0).map((relay) => relay.close()));
});

beforeEach(async ({ skip }) => {
  skip(!isAble, 'the server has no postgres_fdw');
  check = coordinator.connect({ max: 1 });
  await check`truncate parents, children, remote`;
  db = batchedDrizzle(coordinator.client({ max: 1 }));
});

/** The round trips between the coordinator and its shards during the work. */
async function tripsOfShards(work: () => Promise<unknown>): Promise<number> {
  for (const relay of relays) relay.reset();
  await work();
  return relays.reduce((sum, { trips }) => sum + trips, 0);
}

describe('over two shards', () => {
  test('a graph of parents and children is wired', async () => {
    await db.transaction(async (tx) => {
      for (const name of times(30, (n) => `parent ${n}`)) {
        const parent = tx.insert(parents).values({ name });
        for (const kind of ['a', 'b'])
          tx.insert(children).values({ email: `${name} ${kind}`, parentId: parent.ref('id') });
      }
    });
    const wired = await check`
      select from parents p join children c on c.parent_id = p.id and c.email in (p.name || ' a', p.name || ' b')`;
    expect(wired).toHaveLength(60);
    for (const [n, shard] of shards.entries()) {
      const [part] = await shard.connect({ max: 1 }).unsafe(`select count(*)::int as rows from parents_${n}`);
      expect(part?.rows).toBeGreaterThan(0);
    }
  });

  test('orders get their ids, each the id of its own row', async () => {
    const given = await Promise.all(
      times(50, (n) =>
        db
          .insert(parents)
          .values({ name: `order ${n}` })
          .returning(),
      ),
    );
    expect(given.map(([row]) => row?.name)).toEqual(times(50, (n) => `order ${n}`));
    const stored = await check`select id, name from parents order by id`;
    expect(stored).toEqual(given.flat().sort((one, other) => one.id - other.id));
  });

  test('a duplicate on one shard rejects its own caller, as in drizzle, and the others are written', async () => {
    const outcomes = [];
    for (const make of [drizzle, batchedDrizzle]) {
      await check`truncate parents`;
      const tried = make(coordinator.client({ max: 1 }));
      // Ids are given, so that equal names meet on one shard.
      const rows = [1, 1, 2, 3, 3, 4].map((id) => ({ id, name: `row ${id}` }));
      const codes = causeCodes(
        await Promise.allSettled(rows.map((row) => tried.insert(parents).values(row))),
      );
      outcomes.push({ codes, stored: await check`select id from parents order by id` });
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[1]?.codes).toEqual(['ok', '23505', 'ok', 'ok', '23505', 'ok']);
  });

  test('load() writes the rows where they belong', async () => {
    await db.load(
      parents,
      times(500, (n) => ({ name: `row ${n}` })),
    );
    const [{ rows } = {}] = await check`select count(distinct name)::int as rows from parents`;
    expect(rows).toBe(500);
  });

  test('load() takes a few round trips to each shard, by COPY from PostgreSQL 16, by INSERT before', async () => {
    const relay = await coordinator.relay();
    const loading = batchedDrizzle(coordinator.client({ url: relay.url, max: 1 }));
    const rows = times(500, (n) => ({ name: `row ${n}` }));
    await loading.load(parents, [{ name: 'first' }]);
    relay.reset();
    const trips = await tripsOfShards(() => loading.load(parents, rows));
    expect(trips).toBeLessThanOrEqual(30);
    const copies = relay.statements.filter((statement) => /^copy /i.test(statement)).length;
    expect(copies).toBe(inject('serverVersion') >= 16 ? 1 : 0);
  });

  test('each insert has a statement to itself, so each costs a shard what it costs in drizzle', async () => {
    const plain = drizzle(coordinator.client({ max: 1 }));
    const write = (scope: Pick<typeof plain, 'insert'>) =>
      Promise.all(times(20, (n) => scope.insert(parents).values({ name: `row ${n}` })));
    await tripsOfShards(() => plain.transaction(write));
    await check`truncate parents`;
    const expected = await tripsOfShards(() => plain.transaction(write));
    await check`truncate parents`;
    await tripsOfShards(() => db.transaction((tx) => write(tx)));
    await check`truncate parents`;
    expect(await tripsOfShards(() => db.transaction((tx) => write(tx)))).toBeLessThanOrEqual(expected + 2);
  });

  test('a failure in a transaction leaves nothing on either', async () => {
    const failing = db.transaction(async (tx) => {
      for (const name of times(20, (n) => `row ${n}`)) tx.insert(parents).values({ name });
      await tx.flush();
      throw new Error('enough');
    });
    await expect(failing).rejects.toThrow('enough');
    expect(await check`select from parents`).toHaveLength(0);
  });
});

test('a foreign table by itself gets the statements of drizzle, one an insert', async () => {
  const relay = await coordinator.relay();
  const own = batchedDrizzle(coordinator.client({ url: relay.url, max: 1 }));
  const rows = times(60, (n) => ({ name: `row ${n}` }));
  const given = await own.transaction((tx) =>
    Promise.all(rows.map((row) => tx.insert(remote).values(row).returning())),
  );
  expect(given.flat().map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
  expect(relay.statements.filter((statement) => /^insert/.test(statement))).toHaveLength(60);
  expect(await check`select from remote`).toHaveLength(60);
});

describe('a queue a shard, without a coordinator', () => {
  const accounts = pgTable('accounts', {
    id: uuid('id')
      .primaryKey()
      .$defaultFn(() => crypto.randomUUID()),
    name: text('name'),
  });
  const notes = pgTable('notes', {
    id: uuid('id')
      .primaryKey()
      .$defaultFn(() => crypto.randomUUID()),
    accountId: uuid('account_id'),
  });

  test('takes keys that the client makes, also by ref() over shards, and a round trip a shard', async () => {
    const [first, second] = await Promise.all(
      shards.map(async (shard) => {
        const client = shard.connect({ max: 1 });
        await client.unsafe(
          'create table accounts (id uuid primary key, name text); create table notes (id uuid primary key, account_id uuid)',
        );
        const relay = await shard.relay({ delay: 5 });
        const queue = batchedDrizzle(shard.client({ url: relay.url, max: 1 }));
        await queue.transaction(async (tx) => void (await tx.execute(sql`select 1`)));
        return { client, relay, queue };
      }),
    );
    if (!first || !second) throw new Error('two shards are needed');
    const write = async (name: string) => {
      for (const { relay } of [first, second]) relay.reset();
      const account = first.queue.insert(accounts).values({ name });
      for (const _ of ['one', 'two']) second.queue.insert(notes).values({ accountId: account.ref('id') });
      await Promise.all([first, second].map(({ queue }) => queue.flush()));
    };
    await write('warm');
    await write('ada');
    expect([first.relay.trips, second.relay.trips]).toEqual([1, 1]);
    const [ada] = await first.client`select id from accounts where name = 'ada'`;
    expect(await second.client`select from notes where account_id = ${ada?.id}`).toHaveLength(2);
  });
});
