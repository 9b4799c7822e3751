/** Tables whose keys are not drawn ahead, although they come from a sequence. */
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import type { BatchOptions } from '../../src/index.ts';
import { times } from '../support/copies.ts';
import { batchedDrizzle } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const tickets = pgTable('tickets', {
  code: text('code').primaryKey().default('made by the server'),
  note: text('note'),
  n: integer('n'),
});
const others = pgTable('others', { code: text('code').default('made by the server'), n: integer('n') });

async function start(ddl: string, batch: BatchOptions = {}) {
  const check = database.connect({ max: 1 });
  await check.unsafe(ddl);
  const relay = await database.relay();
  const db = batchedDrizzle(database.client({ url: relay.url, max: 1 }), { batch });
  const count = (of: RegExp) => relay.statements.filter((statement) => of.test(statement)).length;
  return { check, db, inserts: () => count(/^insert/), copies: () => count(/^copy/i) };
}

type Database = Awaited<ReturnType<typeof start>>['db'];

describe('a default composed with nextval', () => {
  const make = `drop table if exists tickets; drop sequence if exists numbers; create sequence numbers;
    create table tickets (code text primary key default 'A' || nextval('numbers'), note text, n int)`;

  const insertEach = (db: Database, returning: object = {}) =>
    db.transaction((tx) =>
      Promise.all(
        times(manyEntries, (n) =>
          tx
            .insert(tickets)
            .values({ note: `${n}`, n })
            .returning({ code: tickets.code, ...returning }),
        ),
      ),
    );

  test.each([
    [`'INV-' || nextval('numbers')`, (n: number) => `INV-${n}`],
    [`nextval('numbers') * 10`, (n: number) => `${n * 10}`],
    [`lpad(nextval('numbers')::text, 8, '0')`, (n: number) => `${n}`.padStart(8, '0')],
    [`(nextval('numbers'))::text`, (n: number) => `${n}`],
    [`(7::bigint << 20) | (nextval('numbers') % 1048576)`, (n: number) => `${7 * 2 ** 20 + n}`],
    [
      `to_char(now(), '"Y"') || nextval('numbers') || '-' || nextval('numbers')`,
      (n: number) => `Y${2 * n - 1}-${2 * n}`,
    ],
  ])(
    'shares a statement if nobody asks for its value, in the order of the calls: %s',
    async (value, code) => {
      const { check, db, inserts } = await start(
        `${make}; alter table tickets alter code set default ${value}`,
      );
      await db.transaction(async (tx) => {
        for (const note of times(manyEntries, (n) => `${n}`)) tx.insert(tickets).values({ note });
      });
      expect(inserts()).toBe(1);
      expect(await check`select code, note from tickets order by note::int`).toEqual(
        times(manyEntries, (n) => ({ code: code(n + 1), note: `${n}` })),
      );
    },
  );

  test('is copied if nobody asks for its value, in the order of the calls', async () => {
    const { check, db, copies } = await start(make, { copyRows: manyEntries });
    await db.transaction(async (tx) => {
      for (const note of times(manyEntries, (n) => `${n}`)) tx.insert(tickets).values({ note });
    });
    expect(copies()).toBe(1);
    expect(await check`select code, note from tickets order by note::int`).toEqual(
      times(manyEntries, (n) => ({ code: `A${n + 1}`, note: `${n}` })),
    );
  });

  test('is returned to each caller by a shared statement, if each row gives a number of its own', async () => {
    const { db, inserts } = await start(make);
    const given = await insertEach(db, { note: tickets.note });
    expect(inserts()).toBe(1);
    expect(given.flat()).toEqual(times(manyEntries, (n) => ({ code: `A${n + 1}`, note: `${n}` })));
  });

  test('is returned to each caller by a statement of its own, if nothing else tells the rows apart', async () => {
    const { db, inserts } = await start(make);
    const given = await db.transaction((tx) =>
      Promise.all(
        times(manyEntries, (n) =>
          tx
            .insert(tickets)
            .values({ note: `${n}` })
            .returning(),
        ),
      ),
    );
    expect(inserts()).toBe(manyEntries);
    expect(given.flat()).toEqual(times(manyEntries, (n) => ({ code: `A${n + 1}`, note: `${n}`, n: null })));
  });

  test('goes by statements of its own, if a function of the user makes it', async () => {
    const { check, db, inserts } = await start(`${make};
      create or replace function code_of(n bigint) returns text language sql immutable as $$ select 'A' || n $$;
      alter table tickets alter code set default code_of(nextval('numbers'))`);
    expect((await insertEach(db)).flat()).toEqual(times(manyEntries, (n) => ({ code: `A${n + 1}` })));
    expect(inserts()).toBe(manyEntries);
    expect(await check`select from tickets`).toHaveLength(manyEntries);
  });

  test('of two tables, from one sequence, keeps the order of the calls', async () => {
    const { check, db, inserts } = await start(`${make};
      drop table if exists others; create table others (code text default 'B' || nextval('numbers'), n int)`);
    await db.transaction(async (tx) => {
      for (const n of times(manyEntries, (each) => each)) tx.insert(n % 2 ? others : tickets).values({ n });
    });
    expect(inserts()).toBe(manyEntries);
    const rows = await check`select code, n from tickets union all select code, n from others order by n`;
    expect(rows).toEqual(times(manyEntries, (n) => ({ code: `${n % 2 ? 'B' : 'A'}${n + 1}`, n })));
  });
});
