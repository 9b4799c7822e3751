/** Tracers put a `prepareQuery` of their own on drizzle's session, or on its class. */
import { asc, eq, type Query, sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { organizations, teams } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.client());
const sides = Object.entries({ plain: drizzle, ours: batchedDrizzle });

interface Prepares {
  prepareQuery(query: Query, ...rest: unknown[]): unknown;
}

async function namesOf(): Promise<string[]> {
  const rows = await check.select().from(organizations).orderBy(asc(organizations.id));
  return rows.map(({ name }) => name);
}

const verbOf = ({ sql: text }: Query): string => text.split(' ')[0] as string;

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

beforeEach(async () => {
  await check.execute(emptyTables());
});

afterEach(() => {
  for (const undo of restore) undo();
  restore = [];
});

test.each(sides)('on a session it is called for a statement: %s', async (_, make) => {
  const db = make(database.client());
  const seen: string[] = [];
  const see =
    (where: string) =>
    (query: Query): void =>
      void seen.push(`${verbOf(query)} of ${where}`);
  replace(sessionOf(db), see('the database'));
  await db.select().from(organizations);
  await db.insert(organizations).values({ name: 'a' });
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), see('the transaction'));
    await tx.insert(organizations).values({ name: 'c' });
    await tx.update(organizations).set({ name: 'a' }).where(eq(organizations.name, 'b'));
    await tx.delete(organizations).where(eq(organizations.name, 'b'));
  });
  expect(seen.filter((each) => !each.startsWith('commit'))).toEqual([
    'select of the database',
    'insert of the database',
    'insert of the transaction',
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
    expect(await tx.insert(organizations).values({ name: 'a' }).returning({ current })).toEqual([
      { current: expect.stringMatching(/^insert .* \/\* noted \*\/$/) },
    ]);
    expect(await tx.transaction((nested) => nested.select({ current }).from(one))).toEqual(noted);
  });
});

test.each(sides)("another session in the place of the database's has it, too: %s", async (_, make) => {
  const db = make(database.client()) as ReturnType<typeof make> & { session: Prepares };
  const seen: string[] = [];
  db.session = Object.create(db.session);
  replace(db.session, (query) => void seen.push(verbOf(query)));
  await db.insert(organizations).values({ name: 'a' });
  expect(seen).toEqual(['insert']);
  expect(await namesOf()).toEqual(['a']);
});

test.each(sides)('what it makes of an insert is what is written: %s', async (_, make) => {
  const db = make(database.client());
  const guard = ({ params }: Query): void => {
    if (params.length > 0) params[0] = `${params[0]}, noted`;
  };
  replace(sessionOf(db), guard);
  await db.insert(organizations).values({ name: 'a' });
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), guard);
    expect(await tx.insert(organizations).values({ name: 'b' }).returning()).toMatchObject([
      { name: 'b, noted' },
    ]);
  });
  expect(await namesOf()).toEqual(['a, noted', 'b, noted']);
});

test.each(sides)('what it throws refuses an insert, which can be awaited again: %s', async (_, make) => {
  const db = make(database.client());
  let isGuarded = true;
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), (query) => {
      if (isGuarded && verbOf(query) === 'insert') throw new Error('writes are forbidden here');
    });
    const insert = tx.insert(organizations).values({ name: 'a' });
    await expect((async () => insert)()).rejects.toThrow('writes are forbidden here');
    expect(() => insert.execute()).toThrow('writes are forbidden here');
    expect(await tx.select().from(organizations)).toEqual([]);
    isGuarded = false;
    await insert;
  });
  expect(await namesOf()).toEqual(['a']);
});

test.each(sides)('inserts keep their order, whenever each is awaited: %s', async (_, make) => {
  const db = make(database.client());
  const seen: string[] = [];
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), ({ params }) => void seen.push(params.join()));
    const parent = tx.insert(organizations).values({ id: 7, name: 'a' });
    const child = tx.insert(teams).values({ name: 'team', organizationId: 7 });
    const others = ['b', 'c'].map((name) => tx.insert(organizations).values({ name }));
    await parent;
    await child;
    await Promise.all([
      ...others,
      tx.update(organizations).set({ name: 'd' }).where(eq(organizations.name, 'b')),
    ]);
  });
  expect(seen.slice(0, 5)).toEqual(['7,a', '7,team', 'b', 'c', 'd,b']);
  expect(await namesOf()).toEqual(['d', 'c', 'a']);
});

test.each(sides)('inserts keep their order if the function executes some itself: %s', async (_, make) => {
  const db = make(database.client());
  const audits: Promise<unknown>[] = [];
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), ({ sql: text, params }) => {
      if (!/^insert into "organizations"/.test(text) || params.includes('audit')) return;
      audits.push(tx.insert(organizations).values({ name: 'audit' }).execute());
    });
    const parent = tx.insert(organizations).values({ id: 7, name: 'a' });
    const child = tx.insert(teams).values({ name: 'team', organizationId: 7 });
    await parent;
    await child;
    await Promise.all(audits);
  });
  expect(audits).toHaveLength(1);
  expect((await namesOf()).toSorted()).toEqual(['a', 'audit']);
  expect(await check.select().from(teams)).toMatchObject([{ organizationId: 7 }]);
});

test.each(sides)('inserts keep their order if one is given to execute(): %s', async (_, make) => {
  const db = make(database.client());
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), () => {});
    const parent = tx.execute(tx.insert(organizations).values({ id: 7, name: 'a' }));
    const child = tx.insert(teams).values({ name: 'team', organizationId: 7 });
    await parent;
    await child;
  });
  expect(await check.select().from(teams)).toMatchObject([{ organizationId: 7 }]);
});

test('a nested transaction has it where that of drizzle has it, and calls it once', async () => {
  const seenBy = async (make: typeof drizzle): Promise<string[]> => {
    const seen: string[] = [];
    await make(database.client()).transaction(async (tx) => {
      const session = sessionOf(tx) as Prepares & { transaction(callback: (tx: object) => unknown): unknown };
      const see = (query: Query): void => void seen.push(verbOf(query));
      const { transaction } = session;
      session.transaction = (callback) =>
        transaction.call(session, (nested: object) => {
          replace(sessionOf(nested), see);
          return callback(nested);
        });
      replace(session, see);
      const insert = async (name: string) =>
        tx.transaction(async (nested) => {
          await nested.insert(organizations).values({ id: 100, name });
          await nested.transaction((inner) => inner.select().from(organizations));
        });
      await insert('a');
      await insert('b').catch(() => {});
      await tx.insert(organizations).values({ name: 'c' });
    });
    return seen.filter((verb) => /^(insert|select)$/.test(verb));
  };
  const seen = await seenBy(drizzle);
  const names = await namesOf();
  await check.execute(emptyTables());
  expect(await seenBy(batchedDrizzle as typeof drizzle)).toEqual(seen);
  expect(await namesOf()).toEqual(names);
});

test.each(sides)('more inserts than a batch has rows are all seen: %s', async (_, make) => {
  const db = make(database.client(), { batch: { maxRows: 3 } } as object);
  let seen = 0;
  const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
  const insert = (on: typeof db) => names.map((name) => on.insert(organizations).values({ name }));
  const see = (query: Query): void => {
    if (verbOf(query) === 'insert') seen += 1;
  };
  replace(sessionOf(db), see);
  await Promise.all(insert(db));
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), see);
    await Promise.all(insert(tx as never));
  });
  expect(seen).toBe(16);
  expect(await namesOf()).toHaveLength(16);
});

test.each(sides)('the error of an insert reaches its caller, or Node: %s', async (_, make) => {
  const db = make(database.client());
  replace(sessionOf(db), () => {});
  await db.insert(organizations).values({ id: 1, name: 'a' });
  const again = db.insert(organizations).values({ id: 1, name: 'b' });
  await expect((async () => again)()).rejects.toMatchObject({ cause: { code: '23505' } });
  const heard: unknown[] = [];
  const hear = (reason: { cause: { code: string } }): void => void heard.push(reason.cause.code);
  process.on('unhandledRejection', hear);
  try {
    void db.insert(organizations).values({ id: 1, name: 'c' }).execute();
    await db
      .insert(organizations)
      .values({ id: 1, name: 'd' })
      .catch(() => {});
    await expect.poll(() => heard).toEqual(['23505']);
  } finally {
    process.off('unhandledRejection', hear);
  }
});

test.each(sides)('an insert is executed by execute(), too: %s', async (_, make) => {
  const db = make(database.client());
  replace(sessionOf(db), (query) => {
    query.sql += ' /* noted */';
  });
  const current = sql<string>`current_query()`.as('current');
  const insert = db.insert(organizations).values({ name: 'a' }).returning({ current });
  expect(rowsOf(await db.execute(insert))).toEqual([{ current: expect.stringMatching(/noted/) }]);
  expect(await namesOf()).toEqual(['a']);
});

test('an insert is written once, however often it is awaited, and whatever becomes of the function', async () => {
  const db = batchedDrizzle(database.client());
  const session = sessionOf(db);
  replace(session, () => {});
  const insert = db.insert(organizations).values({ name: 'a' }).returning();
  const first = insert.execute();
  Reflect.deleteProperty(session, 'prepareQuery');
  expect(await Promise.all([insert, first])).toEqual([await insert, await insert]);
  await db.execute(insert);
  expect(await namesOf()).toEqual(['a']);
  await expect(db.flush()).resolves.toMatchObject({ rows: 0 });
});

test('rows that nobody awaits, and those that are referred to, are flushed unseen in the order of the calls', async () => {
  const db = batchedDrizzle(database.client());
  const seen: string[] = [];
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), ({ params }) => void seen.push(params.join()));
    const parent = tx.insert(organizations).values({ name: 'a' });
    await tx.insert(organizations).values({ name: 'b' });
    const team = await tx.insert(teams).values({ name: 'team', organizationId: parent.ref('id') });
    expect(team).toBeDefined();
    tx.insert(organizations).values({ name: 'c' });
  });
  expect(seen).toEqual(['b']);
  expect(await namesOf()).toEqual(['a', 'b', 'c']);
  expect(await check.select().from(teams)).toMatchObject([{ organizationId: 1 }]);
});

test('ref() finds what returning() has given', async () => {
  const db = batchedDrizzle(database.client());
  await db.transaction(async (tx) => {
    replace(sessionOf(tx), () => {});
    const parents = tx
      .insert(organizations)
      .values([{ name: 'a' }, { name: 'b' }])
      .returning();
    await parents;
    await tx.insert(teams).values({ name: 'team', organizationId: parents.ref('id', 1) });
    const unasked = tx.insert(organizations).values({ name: 'c' });
    await unasked;
    expect(() => unasked.ref('id')).toThrow('nobody had asked for its key');
  });
  expect(await check.select().from(teams)).toMatchObject([{ organizationId: 2 }]);
});

test('the inserts of one turn of a transaction leave together', async () => {
  const { db, count } = await startCounted(database);
  const insert = (names: readonly string[]) =>
    db.transaction(async (tx) => {
      replace(sessionOf(tx), () => {});
      await tx.select().from(organizations);
      await Promise.all(names.map((name) => tx.insert(organizations).values({ name })));
    });
  await insert(['first']);
  const { trips } = await count(() => insert(['a', 'b', 'c']));
  expect(trips).toBe(3);
});
