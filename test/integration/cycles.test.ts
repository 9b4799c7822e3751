import { eq, sql } from 'drizzle-orm';
import { type AnyPgColumn, integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { rejectionOf } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

// Each person may belong to a crew, and each crew may have a person as its lead.

const people = pgTable('people', {
  id: serial('id').primaryKey(),
  name: text('name').notNull(),
  crewId: integer('crew_id').references((): AnyPgColumn => crews.id),
});

const crews = pgTable('crews', {
  id: serial('id').primaryKey(),
  name: text('name').notNull(),
  leadId: integer('lead_id').references((): AnyPgColumn => people.id),
});

const check = drizzle(database.client());
const db = batchedDrizzle(database.client());

beforeAll(async () => {
  await check.execute(`
    create table people (id serial primary key, name text not null, crew_id int);
    create table crews (id serial primary key, name text not null, lead_id int references people);
    alter table people add foreign key (crew_id) references crews`);
});
beforeEach(() => check.execute('truncate people, crews restart identity'));

/** Pairs of a person and the lead of that person's crew. */
async function leads(): Promise<[person: string, lead: string][]> {
  const rows = rowsOf(
    await check.execute<{ person: string; lead: string }>(sql`
    select p.name as person, l.name as lead from people p
    join crews c on c.id = p.crew_id join people l on l.id = c.lead_id order by p.id`),
  );
  return rows.map(({ person, lead }) => [person, lead]);
}

describe('a cycle between tables falls back to the call order:', () => {
  test('references across it work where single rows allow an order', async () => {
    await db.transaction(async (tx) => {
      let lead = tx.insert(people).values({ name: '0' });
      for (const name of ['1', '2', '3']) {
        const crew = tx.insert(crews).values({ name, leadId: lead.ref('id') });
        tx.insert(people).values({ name: `${name} too`, crewId: crew.ref('id') });
        lead = tx.insert(people).values({ name, crewId: crew.ref('id') });
      }
      expect(await tx.flush()).toMatchObject({ rows: 10, roundTrips: 1 });
    });
    expect(await leads()).toEqual([
      ['1 too', '0'],
      ['1', '0'],
      ['2 too', '1'],
      ['2', '1'],
      ['3 too', '2'],
      ['3', '2'],
    ]);
  });

  test('rows that name one another by ids of their own do, too', async () => {
    await db.transaction(async (tx) => {
      tx.insert(people).values({ id: 10, name: 'a' });
      tx.insert(crews).values({ id: 20, name: 'b', leadId: 10 });
      tx.insert(people).values({ id: 11, name: 'c', crewId: 20 });
      tx.insert(crews).values({ id: 21, name: 'd', leadId: 11 });
      tx.insert(people).values({ id: 12, name: 'e', crewId: 21 });
    });
    expect(await leads()).toEqual([
      ['c', 'a'],
      ['e', 'c'],
    ]);
  });

  test('it is closed by an update of what was queued', async () => {
    await db.transaction(async (tx) => {
      const lead = tx.insert(people).values({ name: 'lead' });
      const crew = tx.insert(crews).values({ name: 'crew', leadId: lead.ref('id') });
      await tx
        .update(people)
        .set({ crewId: crew.ref('id') })
        .where(eq(people.id, lead.ref('id')));
    });
    expect(await leads()).toEqual([['lead', 'lead']]);
  });

  test('where no order is allowed the error is that of drizzle, and names the tables', async () => {
    const closed = async (tx: PostgresJsDatabase) => {
      await Promise.all([
        tx.insert(people).values({ id: 10, name: 'a', crewId: 20 }),
        tx.insert(crews).values({ id: 20, name: 'b', leadId: 10 }),
      ]);
    };
    const plain = await rejectionOf(check.transaction(closed));
    const batched = await rejectionOf(db.transaction(closed as never));
    const cause = {
      code: '23503',
      message: 'insert or update on table "people" violates foreign key constraint "people_crew_id_fkey"',
    };
    expect(plain.cause).toMatchObject(cause);
    expect(batched.cause).toMatchObject(cause);
    expect(await check.$count(people)).toBe(0);
  });

  test('a conflict clause that closes a circle throws at once, and the error names the tables', async () => {
    await db
      .transaction(async (tx) => {
        const lead = tx.insert(people).values({ name: 'lead' });
        const crew = tx.insert(crews).values({ name: 'crew', leadId: lead.ref('id') });
        const closing = { target: people.id, set: { crewId: crew.ref('id') } };
        expect(() => lead.onConflictDoUpdate(closing)).toThrow(
          expect.objectContaining({
            code: 'BAD_REFERENCE',
            message:
              'a chained call refers to an insert that refers back to its own ("people" → "crews" → "people"); neither can be written first',
          }),
        );
        // The insert is withdrawn, so inserts that refer to it can't be written.
        expect(tx.pending).toBe(1);
        const error = await rejectionOf(crew);
        expect(error.cause).toMatchObject({ code: 'BAD_REFERENCE' });
      })
      .catch(({ code }) => expect(code).toBe('BAD_REFERENCE'));
    expect(await check.$count(crews)).toBe(0);
  });
});
