import { eq, sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { members, nodes, organizations, teams, users } from '../support/schema.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

// Random programs, run by plain drizzle and by ours: every result and every row must be the same.

const database = useDatabase();

let sides: SideBySide;
let small: SideBySide;
beforeAll(() => {
  sides = sideBySide(database);
  small = sideBySide(database, { batch: { maxRows: 2 } });
});

type Database = PostgresJsDatabase | Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0];

/** One statement of a program; what it resolves to is compared. Not awaited here, so that it can be grouped. */
type Step = (db: Database) => PromiseLike<unknown>;

type Program = { readonly inTransaction: boolean; readonly groups: readonly (readonly Step[])[] };

let unique = 0;
const name = fc.constantFrom('a', 'b', 'c', "d'", '"e"', 'NULL', '', '{f}');
const row = fc.record({
  // A few given ids, far from those of the sequence.
  id: fc.option(fc.constant(undefined), { nil: undefined }),
  label: name,
});
const rows = fc.array(row, { minLength: 1, maxLength: 3 });
const parent = fc.option(fc.constant(null), { nil: undefined });

/** The count of a result; asked for no earlier than the results of the other statements of its group. */
function counted(result: PromiseLike<{ count: number; length: number }>): PromiseLike<number[]> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: drizzle's own statements are lazy in just this way.
    then: (resolve, reject) => result.then(({ count, length }) => [count, length]).then(resolve, reject),
  };
}

const statement: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(rows, parent).map(([given, parentId]): Step => {
    return (db) =>
      db
        .insert(nodes)
        .values(given.map(({ label }) => ({ label, parentId })))
        .returning();
  }),
  rows.map(
    (given): Step =>
      (db) =>
        db.insert(nodes).values(given).returning({ id: nodes.id }),
  ),
  rows.map(
    (given): Step =>
      (db) =>
        counted(db.insert(nodes).values(given)),
  ),
  fc.tuple(rows, name).map(([given, text]): Step => {
    return (db) =>
      db
        .insert(nodes)
        .values(given.map(({ label }) => ({ label: sql`${label} || ${text}` })))
        .returning({ twice: sql<string>`${nodes.label} || ${nodes.label}`, id: nodes.id });
  }),
  rows.map(
    (given): Step =>
      (db) =>
        db
          .insert(users)
          .values(given.map(({ label }) => ({ name: label })))
          .onConflictDoNothing()
          .returning(),
  ),
  fc.tuple(name, name).map(([taken, next]): Step => {
    return (db) =>
      db
        .insert(users)
        .values({ name: taken })
        .onConflictDoUpdate({
          target: users.name,
          set: { name: sql`excluded.name || ${`${next}${unique++}`}` },
        })
        .returning({ id: users.id });
  }),
  rows.map(
    (given): Step =>
      (db) =>
        db
          .insert(organizations)
          .values(given.map(({ label }) => ({ name: label })))
          .returning(),
  ),
  name.map((label): Step => {
    return (db) => db.insert(teams).values({ name: label, organizationId: 1 }).returning();
  }),
  fc.constant<Step>((db) => db.$count(nodes)),
  fc.constant<Step>((db) => db.select().from(nodes).orderBy(nodes.id)),
  fc.constant<Step>((db) => db.select({ most: sql`max(${users.id})` }).from(users)),
  name.map(
    (label): Step =>
      (db) =>
        db
          .update(nodes)
          .set({ label: sql`${nodes.label} || '+'` })
          .where(eq(nodes.label, label))
          .returning(),
  ),
  name.map(
    (label): Step =>
      (db) =>
        db.delete(nodes).where(eq(nodes.label, label)).returning({ id: nodes.id }),
  ),
);

/** A nested transaction beside other statements is a mistake in drizzle too: it goes alone. */
const nested: fc.Arbitrary<Step> = fc.oneof(
  rows.map((given): Step => {
    return (db) =>
      db.transaction(async (tx) => {
        const written = await tx.insert(nodes).values(given).returning();
        return [written, await tx.$count(nodes)];
      });
  }),
  rows.map((given): Step => {
    return (db) =>
      db
        .transaction(async (tx) => {
          await tx.insert(nodes).values(given);
          tx.rollback();
        })
        .catch(({ message }) => message);
  }),
);

const alone = fc.oneof(statement, nested).map((only) => [only]);
const sequential = fc.array(alone, { minLength: 1, maxLength: 6 });
/** Each group goes into one `Promise.all`. */
const grouped = fc.array(fc.oneof(alone, fc.array(statement, { minLength: 2, maxLength: 6 })), {
  minLength: 1,
  maxLength: 4,
});

async function run({ inTransaction, groups }: Program, db: PostgresJsDatabase): Promise<unknown> {
  unique = 0;
  await db.insert(organizations).values({ name: 'first' });
  const each = async (target: Database): Promise<unknown[]> => {
    const results = [];
    for (const group of groups) results.push(await Promise.all(group.map((work) => work(target))));
    return results;
  };
  return inTransaction ? db.transaction(each) : each(db);
}

async function expectSame(side: SideBySide, given: Program): Promise<void> {
  const { plain, batched } = await side.runAndRead(
    (db) => run(given, db),
    nodes,
    users,
    organizations,
    teams,
    members,
  );
  expect(batched).toEqual(plain);
}

async function expectSameFor(side: SideBySide, groups: typeof sequential, modes: boolean[]): Promise<void> {
  const programs = fc.record({ inTransaction: fc.constantFrom(...modes), groups });
  await fc.assert(
    fc.asyncProperty(programs, (given) => expectSame(side, given)),
    { numRuns: 40 },
  );
}

test('statements awaited one after the other', () => expectSameFor(sides, sequential, [true, false]));

test('statements awaited one after the other, in chunks of two rows', () =>
  expectSameFor(small, sequential, [true, false]));

test('statements of one turn, in a transaction', () => expectSameFor(sides, grouped, [true]));

test('statements of one turn, in a transaction, in chunks of two rows', () =>
  expectSameFor(small, grouped, [true]));
