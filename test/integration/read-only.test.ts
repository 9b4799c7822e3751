import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { times } from '../support/copies.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import { causeCodes } from '../support/error-codes.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const readOnly = { max: 1, connection: { default_transaction_read_only: 'on' } as never };
const scratch = pgTable('scratch', { id: serial('id').primaryKey(), note: text('note') });

describe('a read-only server', () => {
  const check = drizzle(database.client({ max: 1 }));

  beforeEach(() => check.execute('truncate users, addresses, logs restart identity cascade'));

  test('refuses a batch in one flight, and it is not split into single inserts', async () => {
    const relay = await database.relay({ delay: 5 });
    const db = batchedDrizzle(database.client({ url: relay.url, ...readOnly }));
    const refused = () => Promise.allSettled(times(100, (n) => db.insert(users).values({ name: `${n}` })));
    await refused();
    relay.reset();
    expect(causeCodes(await refused())).toEqual(times(100, () => '25006'));
    expect(relay.trips).toBe(1);
    expect(await check.$count(users)).toBe(0);
  });

  test('refuses each insert of several tables, a flight a table', async () => {
    const relay = await database.relay({ delay: 5 });
    const db = batchedDrizzle(database.client({ url: relay.url, ...readOnly }));
    const refused = () =>
      Promise.allSettled(
        times(30, (n) => [
          db.insert(users).values({ name: `${n}` }),
          db.insert(logs).values({ level: 'info', message: `${n}` }),
        ]).flat(),
      );
    await refused();
    relay.reset();
    expect(causeCodes(await refused())).toEqual(times(60, () => '25006'));
    expect(relay.trips).toBe(3);
  });

  test('takes the rows of temporary tables all the same, as in drizzle', async () => {
    const outcomes = [];
    for (const make of [driver.reference, batchedDrizzle]) {
      const client = database.client(readOnly);
      await driver.query(
        client,
        'begin read write; create temporary table scratch (id serial, note text); commit',
      );
      const db = make(client);
      const inserts = times(20, (n) => [
        db.insert(users).values({ name: `${n}` }),
        db.insert(scratch).values({ note: `${n}` }),
      ]).flat();
      const codes = causeCodes(await Promise.allSettled(inserts));
      outcomes.push({
        codes,
        notes: [...(await driver.query(client, 'select note from scratch order by id'))],
      });
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[1]?.notes).toHaveLength(20);
  });

  test('gives each caller an error that has no other caller to blame', async () => {
    const db = batchedDrizzle(database.client(readOnly));
    const [first] = await Promise.allSettled(['a', 'b'].map((name) => db.insert(users).values({ name })));
    const { reason } = first as PromiseRejectedResult;
    expect(reason.cause.message).toMatch(/read-only transaction/);
  });

  test.each([1, 60])('refuses a transaction of %i inserts with the code of drizzle', async (count) => {
    const db = batchedDrizzle(database.client(readOnly));
    const writing = db.transaction((tx) =>
      Promise.all(times(count, (n) => tx.insert(addresses).values({ email: `${n}` }))),
    );
    expect((await rejectionOf(writing)).cause).toMatchObject({ code: '25006' });
  });
});
