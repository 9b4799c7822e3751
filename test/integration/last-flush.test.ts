/** A last flush that the server refuses after its facts were asked in the middle of the transaction. */
import { sql } from 'drizzle-orm';
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { beforeAll, expect, test } from 'vitest';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { rejectionOf } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.client());
const seen = pgTable('seen_by_trigger', { id: serial('id').primaryKey(), name: text('name') });

beforeAll(async () => {
  await check.execute(sql`create table seen_by_trigger (id serial primary key, name text)`);
  await check.execute(
    sql`create function let_pass() returns trigger language plpgsql as 'begin return new; end'`,
  );
  // With a trigger of the user's nothing is shared.
  await check.execute(
    sql`create trigger let_pass before insert on seen_by_trigger for each row execute function let_pass()`,
  );
  await check.execute(sql`do $$ begin
    if not exists (select from pg_roles where rolname = 'last_flush_reader') then create role last_flush_reader; end if;
  end $$`);
  await check.execute(sql`grant usage on schema public to last_flush_reader`);
  await check.execute(sql`grant select on seen_by_trigger to last_flush_reader`);
});

test('a privilege that is missing is the error, although COMMIT has rolled the savepoint back', async () => {
  const db = batchedDrizzle(database.client({ max: 1 }));
  const error = await rejectionOf(
    db.transaction(async (tx) => {
      await tx.execute(sql`set local role last_flush_reader`);
      for (let row = 0; row < 120; row++) tx.insert(seen).values({ name: `row ${row}` });
    }),
  );
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  expect([code, cause?.code]).toContain('42501');
  const [state] = rowsOf(await db.execute(sql`select current_user <> 'last_flush_reader' as reset`));
  expect(state).toEqual({ reset: true });
});
