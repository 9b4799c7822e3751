/** Tracers put a `prepareQuery` of their own on drizzle's session, or on its class. */
import { eq, type Query, sql } from 'drizzle-orm';
import { afterEach, expect, test } from 'vitest';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { organizations } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const sides = Object.entries({ plain: drizzle, ours: batchedDrizzle });

interface Prepares {
  prepareQuery(query: Query, ...rest: unknown[]): unknown;
}

const sessionOf = (db: object): Prepares => (db as { session: Prepares }).session;

let restore: (() => void)[] = [];

/** Has `see` called with each statement that is prepared, before it is. */
function replace(target: Prepares, see: (query: Query) => void): void {
  const { prepareQuery } = target;
  const isOwn = Object.hasOwn(target, 'prepareQuery');
  target.prepareQuery = function (query, ...rest) {
    see(query);
    return prepareQuery.call(this, query, ...rest);
  };
  restore.push(() => {
    if (isOwn) target.prepareQuery = prepareQuery;
    else Reflect.deleteProperty(target, 'prepareQuery');
  });
}

afterEach(() => {
  for (const undo of restore) undo();
  restore = [];
});

test.each(sides)('on a session it is called for a statement: %s', async (_, make) => {
  const db = make(database.client());
  const seen: string[] = [];
  const see =
    (where: string) =>
    ({ sql: text }: Query): void =>
      void seen.push(`${text.split(' ')[0]} of ${where}`);
  replace(sessionOf(db), see('the database'));
  await db.select().from(organizations);
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), see('the transaction'));
    await tx.update(organizations).set({ name: 'a' }).where(eq(organizations.name, 'b'));
    await tx.delete(organizations).where(eq(organizations.name, 'b'));
  });
  expect(seen.filter((each) => !each.startsWith('commit'))).toEqual([
    'select of the database',
    'update of the transaction',
    'delete of the transaction',
  ]);
});

test.each(sides)('on the class it is called in transactions, too: %s', async (_, make) => {
  const db = make(database.client());
  replace(Object.getPrototypeOf(sessionOf(db)), (query) => {
    query.sql += ' /* noted */';
  });
  const current = sql<string>`current_query()`;
  const noted = [{ current: expect.stringMatching(/^select .* \/\* noted \*\/$/) }];
  expect(rowsOf(await db.execute(sql`select ${current} as current`))).toEqual(noted);
  await db.transaction(async (tx) => {
    const one = sql`(select 1) as one`;
    expect(rowsOf(await tx.execute(sql`select ${current} as current`))).toEqual(noted);
    expect(await tx.select({ current }).from(one)).toEqual(noted);
    expect(await tx.transaction((nested) => nested.select({ current }).from(one))).toEqual(noted);
  });
});
