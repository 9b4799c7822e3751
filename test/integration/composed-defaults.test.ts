/** Tables whose keys are not drawn ahead, although they come from a sequence. */
import { pgTable, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { times } from '../support/copies.ts';
import { manyEntries } from '../support/many-entries.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const tickets = pgTable('tickets', {
  code: text('code').primaryKey().default('made by the server'),
  note: text('note'),
});

async function start(ddl: string) {
  const check = database.connect({ max: 1 });
  await check.unsafe(ddl);
  const relay = await database.relay();
  const db = batchedDrizzle(database.connect({ url: relay.url, max: 1 }));
  const inserts = () => relay.statements.filter((statement) => /^insert/.test(statement)).length;
  return { check, db, inserts };
}

describe('a default composed with nextval', () => {
  const make = `drop table if exists tickets; drop sequence if exists numbers; create sequence numbers;
    create table tickets (code text primary key default 'A' || nextval('numbers'), note text)`;

  test('shares a statement if nobody asks for its value, in the order of the calls', async () => {
    const { check, db, inserts } = await start(make);
    await db.transaction(async (tx) => {
      for (const note of times(manyEntries, (n) => `${n}`)) tx.insert(tickets).values({ note });
    });
    expect(inserts()).toBe(1);
    expect(await check`select code, note from tickets order by note::int`).toEqual(
      times(manyEntries, (n) => ({ code: `A${n + 1}`, note: `${n}` })),
    );
  });

  test('is returned to each caller by a statement of its own', async () => {
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
    expect(given.flat()).toEqual(times(manyEntries, (n) => ({ code: `A${n + 1}`, note: `${n}` })));
  });
});
