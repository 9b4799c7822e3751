/** Runs async functions beside one another in one transaction, and tells all that they could observe. */
import { and, eq, gt, sql } from 'drizzle-orm';
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { driver } from './drivers/chosen.ts';
import { codesOf } from './error-codes.ts';
import type { Call, Nested, Strand, Together } from './strands.ts';

type Db = PostgresJsDatabase<Record<string, never>>;

const owners = pgTable('strand_owners', {
  id: serial('id').primaryKey(),
  name: text('name').notNull().unique(),
  seen: integer('seen'),
});

const notes = pgTable('strand_notes', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  text: text('text').notNull(),
  order: text('order').notNull().default(''),
  ownerId: integer('owner_id').references(() => owners.id),
});

/** A trigger counts the rows that are there when an owner is written. */
export const create = [
  'create table strand_owners (id serial primary key, name text not null unique, seen integer)',
  `create table strand_notes (id integer primary key generated always as identity, text text not null,
    "order" text not null default '', owner_id integer references strand_owners)`,
  `create function strand_seen() returns trigger language plpgsql as $$ begin
    new.seen := (select count(*) from strand_owners) * 100 + (select count(*) from strand_notes); return new;
  end $$`,
  'create trigger seen before insert on strand_owners for each row execute function strand_seen()',
];

const reset = [
  'truncate strand_owners, strand_notes restart identity',
  "insert into strand_owners (id, name) values (1000000, 'taken')",
  "insert into strand_notes (text) values ('first')",
];

/** What a strand has made. */
interface Own {
  owner?: number;
}

const inserts: ReadonlySet<Call['do']> = new Set(['owner', 'taken owner', 'note']);

const thrown = new Error('the strand has had enough');

/** @returns what the strands called and heard, in that order, and the rows at the end */
export async function runStrands(db: Db, strands: readonly Strand[]): Promise<string[]> {
  for (const statement of reset) await db.execute(sql.raw(statement));
  const seen: string[] = [];
  const run = async (tx: Db, name: string, steps: Strand): Promise<void> => {
    const own: Own = {};
    for (const [index, step] of steps.entries()) {
      const path = `${name}.${index}`;
      if (step.do === 'nested') await nest(tx, path, step);
      else if (step.do === 'together') await together(tx, path, step, own);
      else await perform(tx, path, step, own);
    }
  };
  const nest = async (tx: Db, path: string, { steps, ends }: Nested): Promise<void> => {
    seen.push(`${path} begins`);
    const ended = tx.transaction(async (inner) => {
      await run(inner as unknown as Db, path, steps);
      if (ends === 'throws') throw thrown;
    });
    await ended.then(
      () => seen.push(`${path} returns`),
      (error) => seen.push(`${path} throws ${describe(error)}`),
    );
  };
  const hear = (path: string, call: Call, answer: unknown, own: Own): void => {
    const rows = rowsOf(call, answer);
    seen.push(`${path} hears ${JSON.stringify(rows)}`);
    if (call.do === 'owner' && Array.isArray(rows)) own.owner = rows[0]?.id;
  };
  const perform = async (tx: Db, path: string, call: Call, own: Own): Promise<void> => {
    for (let left = call.jobs; left > 0; left--) await undefined;
    seen.push(`${path} calls ${call.do}`);
    let wrapped = async (): Promise<unknown> => await make(tx, path, call, own);
    for (let left = call.layers; left > 0; left--) {
      const inner = wrapped;
      wrapped = async () => await inner();
    }
    try {
      hear(path, call, await wrapped(), own);
    } catch (error) {
      seen.push(`${path} hears ${describe(error)}`);
      if (!call.caught) throw error;
    }
  };
  const together = async (tx: Db, path: string, { members, chained }: Together, own: Own): Promise<void> => {
    const begun = members.map((member, index) => {
      const name = `${path}.${index}`;
      if (member.do === 'nested') return nest(tx, name, member);
      seen.push(`${name} calls ${member.do}`);
      const made = make(tx, name, member, own);
      return chained && !inserts.has(member.do) ? made.then((answer) => answer) : made;
    });
    for (const [index, ended] of (await Promise.allSettled(begun)).entries()) {
      const member = members[index] as Call | Nested;
      if (ended.status === 'rejected') seen.push(`${path}.${index} hears ${describe(ended.reason)}`);
      else if (member.do !== 'nested') hear(`${path}.${index}`, member, ended.value, own);
    }
  };
  const committed = db.transaction(async (tx) => {
    await Promise.allSettled(strands.map((steps, index) => run(tx as unknown as Db, String(index), steps)));
    seen.push('all are done');
  });
  await committed.then(
    () => seen.push('committed'),
    () => seen.push('not committed'),
  );
  for (const table of ['strand_owners', 'strand_notes'])
    seen.push(
      JSON.stringify(driver.comparable(await db.execute(sql.raw(`select * from ${table} order by id`)))),
    );
  return seen;
}

/** Each has a parameter: postgres.js describes it, and sends the next one when it is answered. Others it sends together. */
function make(tx: Db, path: string, { do: kind, returning }: Call, own: Own): PromiseLike<unknown> {
  switch (kind) {
    case 'owner': {
      const insert = tx.insert(owners).values({ name: path });
      return returning ? insert.returning({ id: owners.id, seen: owners.seen }) : insert;
    }
    case 'taken owner':
      return tx.insert(owners).values({ name: 'taken' });
    case 'note': {
      const insert = tx.insert(notes).values({ text: path, ownerId: own.owner ?? null });
      return returning ? insert.returning({ id: notes.id }) : insert;
    }
    case 'update': {
      const update = tx
        .update(notes)
        .set({ order: sql`${notes.order} || ${path} || ' '` })
        .where(eq(notes.text, 'first'));
      return returning ? update.returning({ order: notes.order }) : update;
    }
    case 'select':
      return tx
        .select({ id: owners.id, seen: owners.seen })
        .from(owners)
        .where(gt(owners.id, 0))
        .orderBy(owners.id);
    case 'count':
      return tx.$count(notes, gt(notes.id, 0));
    case 'delete': {
      const removal = tx.delete(notes).where(and(gt(notes.id, 1), eq(sql`${notes.id} % 3`, 0)));
      return returning ? removal.returning({ id: notes.id }) : removal;
    }
  }
}

/** What a call is answered with. Without rows each driver answers otherwise. */
function rowsOf({ do: kind, returning }: Call, answer: unknown): unknown {
  if (kind === 'count') return answer;
  return Array.isArray(answer) && (returning || kind === 'select') ? [...answer] : undefined;
}

function describe(error: unknown): string {
  return error === thrown ? thrown.message : String(codesOf(error)[0]);
}
