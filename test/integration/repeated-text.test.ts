/** Statements of the same text, one behind the other in a transaction: the server parses the first. */
import { eq, sql } from 'drizzle-orm';
import { boolean, jsonb, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle, drizzle } from '../support/drivers/chosen.ts';
import { causeCodes } from '../support/error-codes.ts';
import { startMessageRelay } from '../support/message-relay.ts';
import { useDatabase } from '../support/test-database.ts';
import { statementText, type WireMessage } from '../support/wire-messages.ts';

const database = useDatabase();
const check = drizzle(database.client({ max: 1 }));

const things = pgTable('things', {
  id: serial().primaryKey(),
  name: text().unique(),
  flag: boolean(),
  data: jsonb(),
});
const others = pgTable('others', { id: serial().primaryKey(), name: text() });
const missing = pgTable('missing', { id: serial().primaryKey(), name: text() });

beforeEach(() =>
  check.execute(`
    drop table if exists things, others;
    create table things (id serial primary key, name text unique, flag boolean, data jsonb);
    create table others (id serial primary key, name text)`),
);

/** A database whose statements are recorded by their tables, each time that the server is to parse one. */
async function recorded(
  processId?: number,
  options: object = {},
): Promise<{ db: BatchedDatabase; parsed: string[] }> {
  const parsed: string[] = [];
  const sent = ({ type, bytes }: WireMessage): void => {
    if (type !== 'P') return;
    const [, table] =
      /^(?:insert into|update|delete from|select .* from) "(\w+)"/.exec(
        statementText(type, bytes.subarray(5)),
      ) ?? [];
    if (table !== undefined) parsed.push(table);
  };
  const answered = ({ type, bytes }: WireMessage): Buffer[] => {
    if (type === 'K' && processId !== undefined) bytes.writeUInt32BE(processId, 5);
    return [bytes];
  };
  const relay = await startMessageRelay(database.url, () => ({ sent, answered }));
  const db = batchedDrizzle(database.client({ url: relay.url, max: 1, ...options }));
  onTestFinished(() => relay.close());
  return { db, parsed };
}

type Scope = Pick<BatchedDatabase, 'insert' | 'execute' | 'select' | 'update'>;

/** In a transaction that the server has begun. */
function begun<T>(db: BatchedDatabase, work: (tx: Scope) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select 1`);
    return work(tx);
  });
}

async function insertEach(tx: Scope, names: readonly string[]): Promise<number[]> {
  const ids: number[] = [];
  for (const name of names) {
    const [row] = await tx.insert(things).values({ name }).returning({ id: things.id });
    ids.push(row?.id ?? 0);
  }
  return ids;
}

describe('inserts of the same text, one behind the other, are parsed once', () => {
  test('in one turn', async () => {
    const { db, parsed } = await recorded();
    const rows = await begun(db, (tx) =>
      Promise.all(['a', 'b', 'c'].map((name) => tx.insert(things).values({ name }).returning())),
    );
    expect(parsed).toEqual(['things']);
    expect(rows.flat().map(({ id, name }) => [id, name])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ]);
  });

  test('each awaited', async () => {
    const { db, parsed } = await recorded();
    expect(await begun(db, (tx) => insertEach(tx, ['a', 'b', 'c']))).toEqual([1, 2, 3]);
    expect(parsed).toEqual(['things']);
  });

  test('with results that name the same columns and types', async () => {
    const { db } = await recorded();
    const described = await begun(db, async (tx) => {
      const each: unknown[] = [];
      for (const name of ['a', 'b', 'c']) {
        const result = await tx.insert(things).values({ name });
        each.push([result.count, result.command, result.columns, result.statement]);
      }
      return each;
    });
    expect(described[1]).toEqual(described[0]);
    expect(described[2]).toEqual(described[0]);
  });

  test('with values whose types the server has told, which are sent as they are', async () => {
    const { db, parsed } = await recorded();
    const rows = [
      { flag: true, data: { a: 'x' } },
      { flag: false, data: ['1'] },
      { flag: null, data: 'text' },
    ];
    const written = await begun(db, async (tx) => {
      const each: unknown[] = [];
      for (const row of rows)
        each.push(
          ...(await tx.insert(things).values(row).returning({ flag: things.flag, data: things.data })),
        );
      return each;
    });
    expect(parsed.length).toBeLessThan(rows.length);
    expect(written).toEqual(rows);
    expect(await check.select({ flag: things.flag, data: things.data }).from(things)).toEqual(rows);
  });
});

describe('each is parsed', () => {
  test('before the server has answered BEGIN', async () => {
    const { db, parsed } = await recorded();
    await db.execute(sql`select 1`);
    await db.transaction(async (tx) => {
      for (const name of ['a', 'b', 'c']) tx.insert(things).values({ name });
    });
    expect(parsed).toEqual(['things', 'things', 'things']);
  });

  test('behind a pooler, which may have given the session to another server', async () => {
    const { db, parsed } = await recorded(0xdeadbeef);
    expect(await begun(db, (tx) => insertEach(tx, ['a', 'b']))).toEqual([1, 2]);
    expect(parsed).toEqual(['things', 'things']);
  });

  test('behind one that was not sent, since `debug` has thrown', async () => {
    let throws = false;
    const debug = (): void => {
      if (throws) throw new Error('of debug');
    };
    const { db, parsed } = await recorded(undefined, { debug });
    const written = begun(db, async (tx) => {
      await tx.insert(others).values({ name: 'other' });
      throws = true;
      await expect(tx.insert(things).values({ name: 'a' })).rejects.toThrow();
      throws = false;
      await insertEach(tx, ['b', 'c']);
      expect(parsed).toEqual(['others', 'things']);
    });
    await expect(written).rejects.toThrow();
    expect(parsed).toHaveLength(2);
  });

  test('behind any other statement', async () => {
    const { db, parsed } = await recorded();
    await begun(db, async (tx) => {
      await insertEach(tx, ['a']);
      await tx.insert(others).values({ name: 'b' });
      await insertEach(tx, ['c']);
      await tx.execute(sql`alter table things alter name type varchar(9)`);
      await insertEach(tx, ['d']);
      await tx.execute(sql`select ${1}::int`);
      expect(await insertEach(tx, ['e'])).toEqual([4]);
    });
    expect(parsed).toEqual(['things', 'others', 'things', 'things', 'things']);
  });
});

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

const rename = (tx: Scope, name: string) =>
  tx
    .update(things)
    .set({ name: `${name}!` })
    .where(eq(things.name, name));

const find = (tx: Scope, name: string) =>
  tx.select({ id: things.id, name: things.name }).from(things).where(eq(things.name, name));

describe('other statements of the same text, one behind the other, are parsed once for five', () => {
  test('updates, each awaited', async () => {
    const { db, parsed } = await recorded();
    await check.insert(things).values(names.map((name) => ({ name })));
    const counts = await begun(db, async (tx) => {
      const each: unknown[] = [];
      for (const name of names) each.push((await rename(tx, name)).count);
      return each;
    });
    expect(counts).toEqual(names.map(() => 1));
    expect(parsed).toEqual(['things', 'things']);
    const renamed = await check.select({ name: things.name }).from(things).orderBy(things.id);
    expect(renamed.map(({ name }) => name)).toEqual(names.map((name) => `${name}!`));
  });

  test('selects of one turn behind one that is answered', async () => {
    const { db, parsed } = await recorded();
    await check.insert(things).values(names.map((name) => ({ name })));
    const found = await begun(db, async (tx) => {
      const first = await find(tx, 'a');
      return [first, ...(await Promise.all(names.slice(1, 5).map((name) => find(tx, name))))];
    });
    expect(found).toEqual(names.slice(0, 5).map((name, n) => [{ id: n + 1, name }]));
    expect(parsed).toEqual(['things']);
  });

  test('but each that is no SQL is told so', async () => {
    const { db } = await recorded();
    const plain = drizzle(database.client({ max: 1 }));
    const codes = (way: Pick<BatchedDatabase, 'transaction'>) =>
      begun(way as BatchedDatabase, async (tx) => {
        const update = () => tx.update(things).set({ name: sql`()` }).where(eq(things.id, 1));
        const settled = await Promise.allSettled([update(), update(), update()]);
        throw Object.assign(new Error('undone'), { codes: causeCodes(settled) });
      }).catch((error) => error.codes);
    expect(await codes(db)).toEqual(['42601', '42601', '42601']);
    expect(await codes(plain as never)).toEqual(['42601', '42601', '42601']);
  });

  test('with results that name the same columns and types as in drizzle', async () => {
    const { db } = await recorded();
    await check.insert(things).values(names.map((name) => ({ name })));
    const plain = drizzle(database.client({ max: 1 }));
    const describe = (way: Pick<BatchedDatabase, 'transaction'>) =>
      begun(way as BatchedDatabase, async (tx) => {
        const each: unknown[] = [];
        for (const name of ['a', 'b', 'c']) {
          const { count, command, columns, statement } = await rename(tx, name);
          each.push([count, command, columns, statement]);
        }
        throw Object.assign(new Error('undone'), { each });
      }).catch((error) => error.each);
    expect(await describe(db)).toEqual(await describe(plain as never));
  });

  test('unless other types are declared for their values', async () => {
    const { db, parsed } = await recorded();
    await check.insert(things).values({ name: 'a' });
    const flags = [true, false, null, true];
    const set = await begun(db, async (tx) => {
      const each: unknown[] = [];
      for (const flag of flags)
        each.push(...(await tx.update(things).set({ flag }).returning({ flag: things.flag })));
      return each;
    });
    expect(set).toEqual(flags.map((flag) => ({ flag })));
    expect(parsed).toEqual(['things', 'things', 'things']);
  });

  test('but raw SQL is always parsed', async () => {
    const { db, parsed } = await recorded();
    await begun(db, async (tx) => {
      for (const name of ['a', 'b']) await tx.execute(sql`select id from "things" where name = ${name}`);
    });
    expect(parsed).toEqual(['things', 'things']);
  });
});

const aborted = 'current transaction is aborted, commands ignored until end of transaction block';

describe('behind one that is refused', () => {
  test.each([
    ['since it can not be parsed', missing, ['42P01', '25P02', '25P02']],
    ['since it is there already', things, ['23505', '25P02', '25P02']],
  ])('%s each is refused, as in drizzle', async (_, table, codes) => {
    const { db, parsed } = await recorded();
    await db.insert(things).values({ name: 'a' });
    parsed.length = 0;
    const ways = { ours: db, plain: drizzle(database.client({ max: 1 })) };
    for (const way of Object.values(ways)) {
      let inserts: Promise<PromiseSettledResult<unknown>[]> = Promise.resolve([]);
      const ended = await Promise.allSettled([
        way.transaction(async (tx) => {
          await tx.execute(sql`select 1`);
          inserts = Promise.allSettled(['a', 'b', 'c'].map((name) => tx.insert(table).values({ name })));
          await inserts;
        }),
      ]);
      expect(ended[0]?.status).toBe('rejected');
      const settled = await inserts;
      expect(causeCodes(settled)).toEqual(codes);
      const [, second, third] = settled.map((each) => each.status === 'rejected' && each.reason.cause);
      for (const error of [second, third]) {
        expect(error.message).toBe(aborted);
        expect(error.stack).toContain(aborted);
      }
    }
    expect(parsed).toHaveLength(1);
  });

  test('each of several updates is refused with the parameters and the text that drizzle shows', async () => {
    const { db } = await recorded();
    const ways = { ours: db, plain: drizzle(database.client({ max: 1 })) };
    const seen: unknown[] = [];
    for (const way of Object.values(ways)) {
      for (const table of [missing, things]) {
        let updates: PromiseSettledResult<unknown>[] = [];
        const work = way.transaction(async (tx) => {
          await tx.execute(sql`insert into things values (0, 'a'), (1, 'b'), (2, 'b!')`);
          const update = (of: typeof things | typeof missing, id: number) =>
            tx
              .update(of)
              .set({ name: `${names[id]}!` })
              .where(eq(of.id, id));
          await update(things, 0);
          updates = await Promise.allSettled([0, 1, 2].map((id) => update(table, id)));
        });
        await expect(work).rejects.toThrow();
        const causes = updates.map((each) => each.status === 'rejected' && each.reason.cause);
        seen.push(
          causes.map(
            (cause) => cause && [cause.code, cause.message, cause.query, cause.parameters, cause.args],
          ),
        );
      }
    }
    expect(seen.slice(0, 2)).toEqual(seen.slice(2));
  });
});
