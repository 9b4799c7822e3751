/** What plain drizzle refuses is refused at the same moment, with an error of the same class and code. */
import { setImmediate } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { customType, integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, describe, expect, test } from 'vitest';
import { unhandledDuring } from '../support/process-events.ts';
import { tell } from '../support/same-rows.ts';
import { type SideBySide, sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const t = pgTable('t', { id: serial('id').primaryKey(), a: text('a'), b: integer('b'), at: timestamp('at') });
const filled = (fill: () => unknown) =>
  pgTable('t', { id: serial('id').primaryKey(), a: text('a').$defaultFn(fill as () => string) });
const mapped = pgTable('t', {
  id: serial('id').primaryKey(),
  a: customType<{ data: unknown }>({ dataType: () => 'text', toDriver: () => undefined })('a'),
});

const empty = sql`truncate t restart identity`;

let sides: SideBySide;
let nulls: SideBySide;

beforeAll(async () => {
  sides = sideBySide(database, {}, empty);
  nulls = sideBySide(database, {}, empty, { own: { transform: { undefined: null } } });
  await sides.plain.execute(sql`create table t (id serial primary key, a text, b int, at timestamp)`);
});

const boom = (): never => {
  throw new RangeError('boom');
};

type Insert = (db: PostgresJsDatabase) => PromiseLike<unknown>;

const row =
  (values: object | null): Insert =>
  (db) =>
    db.insert(t).values(values as never);
const returning =
  (fields: unknown): Insert =>
  (db) =>
    db
      .insert(t)
      .values({ a: 'x' })
      .returning(fields as never);
const setting =
  (config: unknown): Insert =>
  (db) =>
    db
      .insert(t)
      .values({ a: 'x' })
      .onConflictDoUpdate(config as never);

const inserts: Record<string, Insert> = {
  'undefined of $defaultFn': (db) => db.insert(filled(() => undefined)).values({}),
  'null of $defaultFn': (db) => db.insert(filled(() => null)).values({}),
  'a $defaultFn that throws': (db) => db.insert(filled(boom)).values({}),
  'undefined of a mapping': (db) => db.insert(mapped).values({ a: 1 }),
  'undefined as a parameter': row({ a: sql`${sql.param(undefined)}` }),
  'undefined in an expression': row({ a: sql`${undefined}` }),
  'an empty selection': returning({}),
  'a selection of nothing': returning({ a: undefined }),
  'a conflict clause without anything to set': setting({ target: t.id, set: {} }),
  'a conflict clause without a config': setting(undefined),
  'a parameter that is undefined in set': setting({ target: t.id, set: { a: sql`${sql.param(undefined)}` } }),
  'no row': row(null),
  'undefined for a row': row([undefined]),
  'null among rows': row([{ a: 'x' }, null]),
  'no rows': row([]),
  'a getter that throws': row({
    get a() {
      return boom();
    },
  }),
  'a getter that throws, behind a value that is refused': row([
    { at: 'no date' },
    {
      get a() {
        return boom();
      },
    },
  ]),
  'a mapping that throws': row({ at: 'no date' }),
  'a Date for a text': row({ a: new Date(0) }),
  'a Blob for bytes': row({ a: sql`encode(${sql.param(new Blob(['a']))}, 'hex')` }),
  'a U+0000': row({ a: 'a\0b' }),
  'a number that is too large': row({ b: 2 ** 40 }),
};

/** When the insert was refused, and with what. */
async function moment(insert: Insert, db: PostgresJsDatabase): Promise<unknown> {
  let made: PromiseLike<unknown>;
  try {
    made = insert(db);
  } catch (error) {
    return { thrown: await tell(() => Promise.reject(error)) };
  }
  return tell(() => made);
}

describe.each(Object.entries(inserts))('%s', (_, insert) => {
  test.each<[string, (db: PostgresJsDatabase) => Promise<unknown>]>([
    ['alone', (db) => moment(insert, db)],
    ['beside another', (db) => Promise.all([moment(insert, db), moment(row({ a: 'other' }), db)])],
    [
      'in a transaction that goes on',
      (db) =>
        tell(() =>
          db.transaction(async (tx) => {
            const told = await moment(insert, tx as never);
            await tx.insert(t).values({ a: 'behind' });
            return [told];
          }),
        ),
    ],
  ])('is as in plain drizzle %s', async (_, work) => {
    for (const both of [sides, nulls]) {
      const { plain, batched } = await both.run(async (db) => {
        const told = await work(db);
        // A batch that is split has drawn keys for nothing.
        return { told, rows: await both.plain.select({ a: t.a, b: t.b, at: t.at }).from(t) };
      });
      expect(batched).toEqual(plain);
    }
  });
});

test.each(Object.entries(inserts))(
  '%s, executed where nobody hears of it, is told to Node or thrown, as in plain drizzle',
  async (_, insert) => {
    const { plain, batched } = await sides.run(async (db) => {
      // A program's first insert takes longer.
      await db.insert(t).values({ a: 'first' });
      const errors: unknown[] = [];
      const unhandled = await unhandledDuring(async () => {
        try {
          void (insert(db) as PromiseLike<unknown> & { execute(): Promise<unknown> }).execute();
        } catch (error) {
          errors.push(error);
        }
        // What was called before has been answered then.
        await setImmediate();
        await db.insert(t).values({ a: 'last' });
      });
      return Promise.all([...errors, ...unhandled].map((error) => tell(() => Promise.reject(error))));
    });
    expect(batched).toEqual(plain);
  },
);

describe('modes that the server refuses are refused before the callback runs', () => {
  test.each([
    { isolationLevel: 'nonsense' },
    { accessMode: 'nonsense' },
    {},
    { isolationLevel: 'serializable', accessMode: 'read write', deferrable: false },
    { isolationLevel: 'read committed', accessMode: 'read only' },
  ])('%j', async (config) => {
    const { plain, batched } = await sides.runAndRead(async (db) => {
      let calls = 0;
      const told = await tell(() =>
        db.transaction(async () => {
          calls += 1;
          return [];
        }, config as never),
      );
      return { told, calls };
    }, t);
    expect(batched).toEqual(plain);
  });
});
