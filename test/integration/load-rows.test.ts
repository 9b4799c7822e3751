import { asc, eq, sql } from 'drizzle-orm';
import { customType, integer, pgTable, serial, text } from 'drizzle-orm/pg-core';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase, LoadError } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, counters, events, nodes, tokens, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });

let client: Client;
let db: BatchedDatabase;
let statements: string[];

const connect = (): BatchedDatabase =>
  batchedDrizzle(client, { logger: { logQuery: (query) => statements.push(query) } });

beforeEach(async () => {
  client = database.client({ max: 2 });
  statements = [];
  db = connect();
  await db.execute(emptyTables());
});

const writes = (): string[] => statements.filter((statement) => /^(copy|insert)/.test(statement));
const allUsers = () => db.select().from(users).orderBy(asc(users.id));

describe('columns that rows leave out', () => {
  test('take the default of the database, row by row, and a COPY is not split for it', async () => {
    const rows = [{ label: 'a', uses: 1 }, { label: 'b' }, { label: 'c', uses: 3 }, { label: 'd' }];
    await db.load(tokens, rows);
    expect(writes()).toEqual([
      `copy "tokens" ("id", "label", "uses", "updated_at") from stdin with (default E'\\\\D')`,
    ]);
    const found = await db.select().from(tokens).orderBy(asc(tokens.label));
    expect(found.map(({ uses }) => uses)).toEqual([1, 0, 3, 0]);
  });

  test('take NULL where there is none', async () => {
    await db.load(nodes, [{ label: 'a', parentId: null }, { label: 'b' }]);
    await db.load(nodes, [{ label: 'c', parentId: 1 }, { label: 'd' }]);
    expect((await db.select().from(nodes).orderBy(asc(nodes.id))).map(({ parentId }) => parentId)).toEqual([
      null,
      null,
      1,
      null,
    ]);
  });

  test('become named when a row gives them', async () => {
    await db.load(users, [{ name: 'a' }, { name: 'b' }, { id: 50 }, { name: 'c' }]);
    expect(await allUsers()).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
      { id: 3, name: 'c' },
      { id: 50, name: null },
    ]);
  });

  test('may be all of them', async () => {
    expect(await db.load(users, [{}, {}, {}])).toMatchObject({ rows: 3 });
    expect(await allUsers()).toHaveLength(3);
    expect(await db.load(users, [{}, {}], { onConflict: 'nothing' })).toMatchObject({ rows: 2 });
  });

  test('take the default of their domain', async () => {
    await check`create domain mark as int default 7`;
    await check`create table marked (n int, mark mark)`;
    const marked = pgTable('marked', { n: integer(), mark: integer() });
    await db.load(marked, [{ n: 1, mark: 1 }, { n: 2 }, { n: 3, mark: null }]);
    expect(await db.select().from(marked).orderBy(asc(marked.n))).toEqual([
      { n: 1, mark: 1 },
      { n: 2, mark: 7 },
      { n: 3, mark: null },
    ]);
  });

  test('that are generated always can not be given', async () => {
    await db.load(addresses, [{ email: 'a' }]);
    const error = await rejectionOf(db.load(addresses, [{ email: 'b' }, { id: 5, email: 'c' } as never]));
    expect(error).toMatchObject({ index: 1, column: 'id' });
    expect(error.message).toMatch(/GENERATED ALWAYS/);
    expect(await db.$count(addresses)).toBe(1);
  });
});

describe('names', () => {
  test('of tables and columns are quoted', async () => {
    await check`truncate "app data"."we""ird"`;
    await db.load(counters, [{ value: 'a' }, { value: 'b' }]);
    expect(await db.select({ value: counters.value }).from(counters)).toEqual([
      { value: 'a' },
      { value: 'b' },
    ]);
    const error = await rejectionOf(db.load(counters, [{ value: 'c' }, { id: 'x' as never }]));
    expect(error).toMatchObject({ table: '"app data"."we""ird"', index: 1, column: 'id' });
  });

  test('of columns follow `casing`', async () => {
    await check`create table cased (id serial primary key, first_name text, birth_year int)`;
    const cased = pgTable('cased', { id: serial().primaryKey(), firstName: text(), birthYear: integer() });
    const snake = batchedDrizzle(client, { casing: 'snake_case' });
    await snake.load(cased, [{ firstName: 'Ada', birthYear: 1815 }, { firstName: 'Bob' }]);
    expect(await snake.select().from(cased)).toEqual([
      { id: 1, firstName: 'Ada', birthYear: 1815 },
      { id: 2, firstName: 'Bob', birthYear: null },
    ]);
    const error = await rejectionOf(snake.load(cased, [{ firstName: 'Cy', birthYear: 'late' as never }]));
    expect(error).toMatchObject({ column: 'birthYear', value: 'late' });
  });
});

describe('keys()', () => {
  const collect = async <T>(keys: AsyncIterable<T>): Promise<T[]> => {
    const collected: T[] = [];
    for await (const key of keys) collected.push(key);
    return collected;
  };

  test('gives the ids in the order of the rows', async () => {
    const rows = Array.from({ length: 25 }, (_, n) => ({ name: `user ${n}` }));
    const ids = await collect(db.load(users, rows, { chunkRows: 10 }).keys());
    expect(ids).toEqual(rows.map((_, n) => n + 1));
    expect((await allUsers()).map(({ id, name }) => [id, name])).toEqual(
      rows.map(({ name }, n) => [n + 1, name]),
    );
  });

  test('gives those that rows have themselves, too', async () => {
    const ids = await collect(db.load(users, [{ name: 'a' }, { id: 70, name: 'b' }, { name: 'c' }]).keys());
    expect(ids).toEqual([1, 70, 2]);
    expect((await allUsers()).map(({ id, name }) => [id, name])).toEqual([
      [1, 'a'],
      [2, 'c'],
      [70, 'b'],
    ]);
  });

  test.each([
    ['a uuid that the server makes', events, { kind: 'click' }],
    ['a uuid of $defaultFn', tokens, { label: 'x' }],
    ['GENERATED ALWAYS AS IDENTITY', addresses, { email: 'a@b.c' }],
  ] as const)('gives %s', async (_, table, row) => {
    const ids = await collect(db.load(table as typeof events, [row, row, row] as never).keys());
    expect(new Set(ids).size).toBe(3);
    const found = await db.select({ id: table.id }).from(table as typeof events);
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set(ids));
  });

  test('may be read when the load has been awaited', async () => {
    const load = db.load(users, [{ name: 'a' }, { name: 'b' }]);
    const keys = load.keys();
    expect(await load).toMatchObject({ rows: 2 });
    expect(await collect(keys)).toEqual([1, 2]);
  });

  test('may be read by two, each of whom hears of the end', async () => {
    const keys = db.load(users, [{ name: 'a' }, { name: 'b' }]).keys();
    expect((await Promise.all([collect(keys), collect(keys)])).flat()).toEqual([1, 2]);
  });

  test('gives those of rows that are written, where others are skipped or set aside', async () => {
    await db.load(users, [{ name: 'b' }]);
    const rows = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
    const skipping = await collect(db.load(users, rows, { onConflict: 'nothing' }).keys());
    const named = await db.select().from(users).where(sql`name in ('a', 'c')`).orderBy(asc(users.name));
    expect(skipping).toEqual(named.map(({ id }) => id));
    const more = [{ name: 'd' }, { name: 'a' }, { name: 'e' }];
    const aside = await collect(db.load(users, more, { onRowError: () => {} }).keys());
    const written = await db.select().from(users).where(sql`name in ('d', 'e')`).orderBy(asc(users.name));
    expect(aside).toEqual(written.map(({ id }) => id));
  });

  test('gives the id of the row that was there, where it is updated', async () => {
    await db.load(users, [{ id: 40, name: 'a' }]);
    const update = { target: users.name, set: { name: sql`upper(excluded.name)` } };
    const keys = await collect(
      db.load(users, [{ name: 'b' }, { name: 'a' }], { onConflict: { update } }).keys(),
    );
    const [b] = await db.select().from(users).where(eq(users.name, 'b'));
    expect(keys).toEqual([b?.id, 40]);
  });

  test('fails as the load does', async () => {
    const load = db.load(users, [{ name: 'a' }, { name: 'a' }]);
    const error = await rejectionOf(collect(load.keys()));
    expect(error).toMatchObject({ code: 'LOAD_FAILED', index: 1, column: 'name' });
    expect(await rejectionOf(load)).toBe(error);
  });

  test('is refused where the server makes the key otherwise', async () => {
    await check`create table plain_key (id int primary key default 5)`;
    const plainKey = pgTable('plain_key', { id: integer().primaryKey().default(5) });
    const { message } = await rejectionOf(collect(db.load(plainKey, [{}]).keys()));
    expect(message).toMatch(
      /^load: keys\(\): the ids of "plain_key" are not known, which the server makes neither/,
    );
  });

  test('is refused where a trigger may change it', async () => {
    await check
      .unsafe(`create table fired (id serial primary key);
        create function keep() returns trigger language plpgsql as $$ begin return new; end $$;
        create trigger keep before insert on fired for each row execute function keep()`)
      .simple();
    const fired = pgTable('fired', { id: serial().primaryKey() });
    const { message } = await rejectionOf(collect(db.load(fired, [{}]).keys()));
    expect(message).toMatch(
      /^load: keys\(\): the ids of "fired" are not known, which a trigger, a rule or a view/,
    );
  });
});

describe('values that are no values', () => {
  test.each([
    ['an sql expression', sql`now()`],
    ['a placeholder', sql.placeholder('name')],
  ])('%s is refused, with the row and the column', async (_, value) => {
    const rows = [{ name: 'a' }, { name: value as never }];
    const error = await rejectionOf(db.load(users, rows));
    expect(error).toMatchObject({ index: 1, column: 'name' });
    expect(error.message).toMatch(/can not be loaded/);
    expect(await allUsers()).toEqual([]);
  });

  test('sql`default` leaves the column to the database', async () => {
    await db.load(tokens, [{ label: 'a', uses: sql`default` as never }]);
    expect(await db.select({ uses: tokens.uses }).from(tokens)).toEqual([{ uses: 0 }]);
  });

  test.each(Object.entries(driver.variants))(
    'undefined, as a mapping gives it, is loaded or refused as drizzle inserts it %s',
    async (_, { options }) => {
      const unmapped = customType<{ data: string }>({ dataType: () => 'text', toDriver: () => undefined });
      const table = pgTable('users', { id: serial().primaryKey(), name: unmapped() });
      const own = database.client({ ...options, max: 1 });
      const written = async (write: () => PromiseLike<unknown>) => {
        await db.execute(emptyTables());
        const code = await Promise.resolve(write()).then(
          () => 'ok',
          ({ cause }) => cause.code,
        );
        return [code, await allUsers()];
      };
      const inserted = await written(() => drizzle(own).insert(table).values({ name: 'a' }));
      expect(await written(() => batchedDrizzle(own).load(table, [{ name: 'a' }]))).toEqual(inserted);
    },
  );

  test.each([
    ['null', null],
    ['a string', 'Ada'],
    ['an array', ['Ada']],
    ['a Buffer', Buffer.from('Ada')],
  ])('%s is no row', async (what, row) => {
    const refused: [number, string][] = [];
    const report = await db.load(users, [{ name: 'a' }, row as never, { name: 'b' }], {
      onRowError: (_, index, error: LoadError) => refused.push([index, error.message]),
    });
    expect(report).toMatchObject({ rows: 2, skipped: 1 });
    expect(refused).toEqual([
      [1, `load into "users" failed at row 2 (index 1): got ${what} for a row; allowed: an object`],
    ]);
  });
});
