import { readdirSync, readFileSync } from 'node:fs';
import * as drizzleOrm from 'drizzle-orm';
import { type Column, DrizzleQueryError, eq, is, Param, Placeholder, SQL, sql, Table } from 'drizzle-orm';
import { Cache, NoopCache } from 'drizzle-orm/cache/core';
import {
  bigserial,
  getTableConfig,
  integer,
  PgDialect,
  PgInsertBase,
  PgInsertBuilder,
  type PgTable,
  PgTransaction,
  pgSchema,
  pgTable,
  serial,
  smallserial,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { drizzle, PostgresJsSession, PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import type postgres from 'postgres';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import * as schema from '../support/schema.ts';
import {
  addresses,
  counters,
  events,
  logs,
  members,
  organizations,
  tokens,
  users,
  wide,
} from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

// Each test pins a fact about drizzle that `src/drizzle/` depends on. Our own code is not tested here.

const database = useDatabase();

type Insides = Record<string, never> & Record<symbol, never>;

function insides(object: object): Record<string, unknown> {
  return object as Record<string, unknown>;
}

function tableInside(table: PgTable, name: 'Columns' | 'Schema' | 'Name' | 'BaseName'): unknown {
  const symbols = (Table as unknown as { Symbol: Record<string, symbol> }).Symbol;
  return (table as unknown as Insides)[symbols[name] as symbol];
}

let db: ReturnType<typeof drizzle<typeof schema>>;
beforeAll(() => {
  db = drizzle(database.connect(), { schema });
});

describe('drizzle: a table', () => {
  test('has its columns under Table.Symbol.Columns, by property, in the order of their definition', () => {
    const columns = tableInside(addresses, 'Columns') as Record<string, Column>;
    expect(Object.keys(columns)).toEqual(['id', 'email', 'userId']);
    expect(columns.userId).toBe(addresses.userId);
  });

  test('has its name, base name and schema under Table.Symbol', () => {
    expect([tableInside(counters, 'Name'), tableInside(counters, 'Schema')]).toEqual(['we"ird', 'app data']);
    expect([tableInside(users, 'Name'), tableInside(users, 'BaseName')]).toEqual(['users', 'users']);
    expect(tableInside(users, 'Schema')).toBeUndefined();
    const aliased = pgSchema('app').table('original', { id: serial('id') });
    expect(tableInside(aliased, 'BaseName')).toBe('original');
  });

  test('tells the tables that its foreign keys point at', () => {
    const tables = (table: PgTable) =>
      getTableConfig(table).foreignKeys.map((key) => key.reference().foreignTable);
    expect(tables(addresses)).toEqual([users]);
    expect(tables(schema.nodes)).toEqual([schema.nodes]);
    expect(tables(users)).toEqual([]);
  });
});

describe('drizzle: a column', () => {
  const generated = pgTable('generated', {
    always: integer('always').generatedAlwaysAsIdentity(),
    byDefault: integer('by_default').generatedByDefaultAsIdentity(),
    stored: integer('stored').generatedAlwaysAs(sql`1`),
    plain: integer('plain'),
  });

  test('says by shouldDisableInsert() whether an insert leaves it out', () => {
    const disabled = Object.values(tableInside(generated, 'Columns') as object).map((column) =>
      column.shouldDisableInsert(),
    );
    expect(disabled).toEqual([false, false, true, false]);
    expect(
      db
        .insert(generated)
        .values({ plain: 1 } as never)
        .toSQL().sql,
    ).toBe('insert into "generated" ("always", "by_default", "plain") values (default, default, $1)');
  });

  test('says in columnType and generatedIdentity that a sequence makes its values', () => {
    const serials = pgTable('serials', {
      small: smallserial('small'),
      normal: serial('normal'),
      big: bigserial('big', { mode: 'bigint' }),
    });
    const types = [serials.small, serials.normal, serials.big, members.id].map(
      ({ columnType }) => columnType,
    );
    expect(types).toEqual(['PgSmallSerial', 'PgSerial', 'PgBigSerial64', 'PgBigSerial53']);
    expect(generated.always.generatedIdentity).toMatchObject({ type: 'always' });
    expect(organizations.id.generatedIdentity).toMatchObject({ type: 'byDefault' });
    expect(users.id.generatedIdentity).toBeUndefined();
  });

  test('keeps defaultRandom() as the SQL gen_random_uuid() in the chunks of its default', () => {
    const { queryChunks } = events.id.default as unknown as { queryChunks: { value: string[] }[] };
    expect(queryChunks.map(({ value }) => value.join('')).join('')).toBe('gen_random_uuid()');
    const other = pgTable('other', { id: uuid('id').default(sql`uuidv7()`) });
    expect(is(other.id.default, SQL)).toBe(true);
  });

  test('runs $defaultFn for what a row leaves out, and $onUpdate where the default is falsy', () => {
    const made = pgTable('made', {
      a: text('a').$defaultFn(() => 'default'),
      b: text('b').$onUpdate(() => 'update'),
      c: integer('c')
        .default(0)
        .$onUpdate(() => 1),
      d: text('d')
        .default('server')
        .$onUpdate(() => 'never'),
      e: text('e')
        .$defaultFn(() => 'both')
        .$onUpdate(() => 'not this'),
    });
    expect(db.insert(made).values({}).toSQL()).toEqual({
      sql: 'insert into "made" ("a", "b", "c", "d", "e") values ($1, $2, $3, default, $4)',
      params: ['default', 'update', 1, 'both'],
    });
    expect(made.a.defaultFn?.()).toBe('default');
    expect(made.b.onUpdateFn?.()).toBe('update');
    expect(made.c.default).toBe(0);
  });

  test('maps a value by mapToDriverValue, and an answer by mapFromDriverValue', () => {
    expect(wide.document.mapToDriverValue({ a: 1 })).toBe('{"a":1}');
    expect(wide.labels.mapToDriverValue(['a', 'b"'])).toBe('{"a","b\\""}');
    expect(wide.moment.mapToDriverValue(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(wide.huge.mapFromDriverValue('5')).toBe(5n);
  });
});

describe('drizzle: a dialect', () => {
  test('names a column by casing.getColumnCasing(), after `casing`', () => {
    const people = pgTable('people', { firstName: text(), lastName: text('LAST') });
    const name = (dialect: PgDialect, column: Column): unknown =>
      (insides(dialect).casing as { getColumnCasing(column: Column): string }).getColumnCasing(column);
    const snake = new PgDialect({ casing: 'snake_case' });
    expect([name(snake, people.firstName), name(snake, people.lastName)]).toEqual(['first_name', 'LAST']);
    expect(name(new PgDialect(), people.firstName)).toBe('firstName');
  });

  test('quotes a name by escapeName()', () => {
    expect(new PgDialect().escapeName('app data')).toBe('"app data"');
  });

  test("has all that SQL.toQuery() asks for: casing, escapeName, escapeString, and takes another's escapeParam", () => {
    const dialect = new PgDialect();
    const { casing, escapeName, escapeString, prepareTyping } = insides(dialect) as never;
    const query = sql`${users.name} = ${'x'} or ${eq(users.id, 5)}`.toQuery({
      casing,
      escapeName,
      escapeString,
      prepareTyping,
      escapeParam: () => '<param>',
    });
    expect(query.sql).toBe('"users"."name" = <param> or "users"."id" = <param>');
    expect(query.params).toEqual(['x', 5]);
  });

  test('has no codecs, which drizzle 1.0 decodes values by', () => {
    expect(insides(new PgDialect()).codecs).toBeUndefined();
  });

  test('writes a selection by buildSelection(), of a single table without its name', () => {
    const dialect = new PgDialect();
    const { buildSelection } = dialect as unknown as {
      buildSelection(fields: object[], options: object): SQL;
    };
    const fields = [
      { path: ['id'], field: users.id },
      { path: ['upper'], field: sql`upper(${users.name})`.as('up') },
    ];
    expect(dialect.sqlToQuery(buildSelection.call(dialect, fields, { isSingleTable: true })).sql).toBe(
      '"id", upper("name") as "up"',
    );
  });

  test('asks prepareTyping() for a hint about each parameter, in their order, which toSQL() leaves out', () => {
    const dialect = new PgDialect();
    const asked: unknown[] = [];
    (insides(dialect) as { prepareTyping: unknown }).prepareTyping = (encoder: unknown) => {
      asked.push(encoder);
      return 'hint';
    };
    const query = dialect.sqlToQuery(sql`${eq(users.id, 5)} and ${7} and ${sql.placeholder('p')}`);
    expect(query).toMatchObject({ typings: ['hint', 'none', 'none'] });
    expect(asked).toEqual([users.id]);
    expect(db.select().from(users).where(eq(users.id, 5)).toSQL()).not.toHaveProperty('typings');
  });

  test('writes an update and a delete by buildUpdateQuery() and buildDeleteQuery(), with the condition behind ` where `', () => {
    const where = eq(users.id, 5);
    for (const builder of [db.update(users).set({ name: 'x' }).where(where), db.delete(users).where(where)]) {
      const { queryChunks } = builder.getSQL();
      const places = queryChunks.filter((chunk) => is(chunk, SQL) && chunk.queryChunks[1] === where);
      expect(places).toHaveLength(1);
      expect((places[0] as SQL).queryChunks[0]).toMatchObject({ value: [' where '] });
    }
  });

  test('writes an insert by buildInsertQuery() of the configuration, with values as Param or SQL', () => {
    const dialect = new PgDialect();
    const config = insides(db.insert(users).values({ name: 'ignored' })).config as object;
    const values = [{ name: new Param('a') }, { id: sql`5 + ${1}` }];
    const query = dialect.buildInsertQuery({ ...config, values } as never);
    expect(dialect.sqlToQuery(query)).toMatchObject({
      sql: 'insert into "users" ("id", "name") values (default, $1), (5 + $2, default)',
      params: ['a', 1],
    });
  });
});

describe('drizzle: an insert', () => {
  test('PgInsertBuilder keeps table, session, dialect and overridingSystemValue_', () => {
    const builder = db.insert(users);
    expect(builder).toBeInstanceOf(PgInsertBuilder);
    expect(insides(builder)).toMatchObject({ table: users, overridingSystemValue_: undefined });
    expect(insides(builder).session).toBe(insides(db).session);
    expect(insides(builder).dialect).toBe(insides(db).dialect);
    expect(insides(builder.overridingSystemValue()).overridingSystemValue_).toBe(true);
  });

  test('PgInsertBase keeps its configuration in `config`', () => {
    const insert = db.insert(users).values({ name: 'a' });
    expect(insert).toBeInstanceOf(PgInsertBase);
    expect(Object.keys(insides(insert).config as object)).toEqual(
      expect.arrayContaining(['table', 'values', 'overridingSystemValue_']),
    );
    insert.returning({ deep: { id: users.id } as never });
    insert.onConflictDoNothing({ target: users.id });
    const { returning, onConflict } = insides(insert).config as { returning: object[]; onConflict: SQL };
    expect(returning).toEqual([{ path: ['deep', 'id'], field: users.id }]);
    expect(new PgDialect().sqlToQuery(onConflict).sql).toBe('("id") do nothing');
    const upsert = db.insert(tokens).values({ label: 'a' });
    upsert.onConflictDoUpdate({ target: tokens.id, set: { uses: 1, label: undefined } });
    const { onConflict: clause } = insides(upsert).config as { onConflict: SQL };
    // The columns that `set` names with a defined value, and those with an $onUpdateFn.
    expect(new PgDialect().sqlToQuery(clause).sql).toBe(
      '("id") do update set "uses" = $1, "updated_at" = $2',
    );
  });

  test('is executed by its own property `execute`, which then(), catch() and finally() call', async () => {
    const insert = db.insert(users).values({ name: 'a' });
    expect(Object.hasOwn(insert, 'execute')).toBe(true);
    const execute = vi.fn(() => Promise.resolve('replaced'));
    Object.assign(insert, { execute });
    expect(await insert).toBe('replaced');
    expect(await insert.catch(() => {})).toBe('replaced');
    expect(await insert.finally(() => {})).toBe('replaced');
    expect(execute).toHaveBeenCalledTimes(3);
  });

  test('is described by getSQL(), which toSQL(), prepare(), execute(insert) and $with() call', () => {
    const called = (use: (insert: PgInsertBase<typeof users, never>) => unknown): number => {
      const insert = db.insert(users).values({ name: 'a' }).returning() as never as PgInsertBase<
        typeof users,
        never
      >;
      const getSQL = vi.spyOn(insert as unknown as { getSQL(): SQL }, 'getSQL');
      use(insert);
      return getSQL.mock.calls.length;
    };
    expect(called((insert) => insert.toSQL())).toBe(1);
    expect(called((insert) => insert.prepare('fact'))).toBe(1);
    expect(called((insert) => db.execute(insert as never))).toBe(1);
    expect(called((insert) => db.$with('fact').as(insert as never))).toBe(1);
  });

  test('takes its rows as Placeholder, or Param of a Placeholder', () => {
    const { values } = insides(db.insert(users).values({ name: sql.placeholder('name') })).config as {
      values: Record<string, Param>[];
    };
    const [row] = values;
    expect(is(row?.name, Param) && is(row?.name.value, Placeholder)).toBe(true);
    expect(new PgDialect().sqlToQuery(sql`${sql.placeholder('name')}`).params[0]).toBeInstanceOf(Placeholder);
  });

  test('tells the cache the base name of its table, with the schema', async () => {
    const told: unknown[] = [];
    const cache = {
      strategy: () => 'explicit',
      get: async () => undefined,
      put: async () => {},
      onMutate: async ({ tables }: { tables: unknown }) => void told.push(tables),
    } as unknown as Cache;
    const cached = drizzle(database.connect(), { cache });
    await cached.insert(logs).values({ level: 'a', message: 'b' });
    await cached.insert(counters).values({ value: 'a' });
    expect(told).toEqual([['logs'], ['app data.we"ird']]);
  });
});

describe('drizzle: a database', () => {
  test('keeps session and dialect, and its session client, dialect, schema, options and logger', () => {
    const logger = { logQuery: () => {} };
    const client = database.connect();
    const made = drizzle(client, { schema, logger });
    const session = insides(made).session as object;
    expect(session).toBeInstanceOf(PostgresJsSession);
    expect(insides(made).dialect).toBeInstanceOf(PgDialect);
    expect(insides(session)).toMatchObject({ client, options: { logger } });
    expect(insides(session).logger).toBe(logger);
    expect(insides(session).dialect).toBe(insides(made).dialect);
    expect((insides(session).schema as { fullSchema: object }).fullSchema).toBe(schema);
  });

  test('has a logger in its session also where none is given', () => {
    const { logger } = insides(insides(db).session as object) as { logger: { logQuery: unknown } };
    expect(logger.logQuery).toBeTypeOf('function');
  });

  test('asks a NoopCache nothing, and leaves `options.cache` unset where none is given', () => {
    const { options } = insides(insides(db).session as object) as { options: { cache?: unknown } };
    expect(options.cache).toBeUndefined();
    expect(is(new NoopCache(), NoopCache)).toBe(true);
  });

  test('sends every statement by its session: prepareQuery(), query() or queryObjects()', async () => {
    const session = insides(db).session as { prepareQuery(...args: unknown[]): unknown };
    const prepareQuery = vi.spyOn(session, 'prepareQuery');
    const counted = async (work: () => PromiseLike<unknown>): Promise<number> => {
      prepareQuery.mockClear();
      await work();
      return prepareQuery.mock.calls.length;
    };
    try {
      expect(await counted(() => db.select().from(users))).toBe(1);
      expect(await counted(() => db.query.users.findMany())).toBe(1);
      expect(await counted(() => db.update(users).set({ name: 'x' }).where(sql`false`))).toBe(1);
      expect(await counted(() => db.delete(users).where(sql`false`))).toBe(1);
      expect(await counted(() => db.execute('select 1'))).toBe(1);
      expect(await counted(() => db.$count(users))).toBe(1);
      expect(await counted(() => db.insert(logs).select(db.select().from(logs)))).toBe(1);
    } finally {
      prepareQuery.mockRestore();
    }
  });

  test('gives prepareQuery() metadata or a mapper of builders, and neither of raw SQL', async () => {
    const session = insides(db).session as { prepareQuery(...args: unknown[]): unknown };
    const prepareQuery = vi.spyOn(session, 'prepareQuery');
    const described = async (work: () => PromiseLike<unknown>): Promise<boolean[]> => {
      prepareQuery.mockClear();
      await work();
      const [, , , , mapper, metadata] = prepareQuery.mock.calls[0] ?? [];
      return [mapper !== undefined, metadata !== undefined];
    };
    try {
      expect(await described(() => db.execute(sql`select 1`))).toEqual([false, false]);
      expect(await described(() => db.select().from(users))).toEqual([false, true]);
      expect(await described(() => db.update(users).set({ name: 'x' }).where(sql`false`))).toEqual([
        false,
        true,
      ]);
      expect(await described(() => db.query.users.findMany())).toContain(true);
    } finally {
      prepareQuery.mockRestore();
    }
  });

  test('a prepared select that asks the cache says so, and is sent by the function that queryWithCache() gets', async () => {
    const cache: Cache = Object.assign(Object.create(Cache.prototype), {
      strategy: () => 'explicit',
      get: async () => undefined,
      put: async () => {},
      onMutate: async () => {},
    });
    const cached = drizzle(database.connect({ max: 1 }), { cache });
    const prepared = cached.select().from(users).$withCache().prepare('cached') as unknown as {
      cache: Cache;
      cacheConfig?: { enable: boolean };
      queryMetadata?: { type: string };
      queryWithCache(query: string, params: unknown[], send: () => Promise<unknown>): Promise<unknown>;
      execute(): Promise<unknown>;
    };
    expect(prepared).toMatchObject({
      cache,
      cacheConfig: { enable: true },
      queryMetadata: { type: 'select' },
    });
    const plain = cached.select().from(users).prepare('plain') as unknown as { cacheConfig?: unknown };
    expect(plain.cacheConfig).toBeUndefined();
    const sending = vi.spyOn(prepared, 'queryWithCache').mockImplementation(async (_query, _params, send) => {
      expect(send).toBeTypeOf('function');
      return [];
    });
    expect(await prepared.execute()).toEqual([]);
    expect(sending).toHaveBeenCalledTimes(1);
  });

  test('a prepared statement is sent by unsafe() of its `client`', async () => {
    const prepared = db.select().from(users).prepare('by_client') as unknown as {
      client: postgres.Sql;
      execute(): unknown;
    };
    const given = prepared.client;
    const sent: string[] = [];
    const unsafe = (text: string): unknown => {
      sent.push(text);
      return given.unsafe(text);
    };
    prepared.client = { unsafe } as never;
    await prepared.execute();
    expect(sent).toEqual(['select "id", "name" from "users"']);
  });

  test('a prepared statement keeps its parameters in `params`, and executes by execute() and all()', async () => {
    const prepared = db
      .select({ name: users.name })
      .from(users)
      .where(eq(users.name, sql.placeholder('name')))
      .prepare('fact_params') as unknown as { params: unknown[]; execute: unknown; all: unknown };
    expect(prepared.params).toEqual([expect.any(Placeholder)]);
    expect([typeof prepared.execute, typeof prepared.all]).toEqual(['function', 'function']);
    prepared.params = ['replaced'];
    expect(await (prepared as never as { execute(): Promise<unknown[]> }).execute()).toEqual([]);
  });

  test('wraps what the driver rejects with in a DrizzleQueryError with query, params and cause', async () => {
    const error = await db.execute(sql`select ${1}::int / 0`).catch((caught) => caught);
    expect(error).toBeInstanceOf(DrizzleQueryError);
    expect(error).toMatchObject({ query: 'select $1::int / 0', params: [1], cause: { code: '22012' } });
  });

  test('orders what is selected by orderSelectedFields(), which the package exports without a type', () => {
    const { orderSelectedFields } = drizzleOrm as unknown as {
      orderSelectedFields(fields: object): { path: string[]; field: unknown }[];
    };
    const upper = sql`upper(${users.name})`;
    expect(orderSelectedFields({ key: users.id, deep: { name: users.name, upper } })).toEqual([
      { path: ['key'], field: users.id },
      { path: ['deep', 'name'], field: users.name },
      { path: ['deep', 'upper'], field: upper },
    ]);
  });

  test('maps a row by mapResultRow(), which the package exports without a type', () => {
    const { mapResultRow } = drizzleOrm as unknown as {
      mapResultRow(fields: object[], row: unknown[], nullable: undefined): unknown;
    };
    const fields = [
      { path: ['deep', 'at'], field: tokens.updatedAt },
      { path: ['twice'], field: sql`x`.mapWith((value: number) => value * 2) },
    ];
    expect(mapResultRow(fields, ['2024-01-01 00:00:00', 4], undefined)).toEqual({
      deep: { at: new Date('2024-01-01T00:00:00Z') },
      twice: 8,
    });
  });
});

describe('drizzle: a transaction', () => {
  test('writes its modes by PgTransaction.prototype.getTransactionConfigSQL()', () => {
    const { getTransactionConfigSQL } = PgTransaction.prototype as unknown as {
      getTransactionConfigSQL(config: object): SQL;
    };
    const modes = getTransactionConfigSQL({
      isolationLevel: 'serializable',
      accessMode: 'read only',
      deferrable: false,
    });
    expect(new PgDialect().sqlToQuery(modes).sql).toBe(
      'isolation level serializable read only not deferrable',
    );
  });

  test('is a PostgresJsTransaction, and asks its session for a savepoint', async () => {
    await db.transaction(async (tx) => {
      expect(tx).toBeInstanceOf(PostgresJsTransaction);
      expect(Object.hasOwn(PostgresJsTransaction.prototype, 'transaction')).toBe(true);
      expect(insides(tx).session).toBeInstanceOf(PostgresJsSession);
    });
  });
});

test('every fact of src/drizzle/ that is read through `any` is named in this file', () => {
  const folder = new URL('../../src/drizzle/', import.meta.url);
  const source = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const own = readFileSync(new URL(import.meta.url), 'utf8');
  const read = [...source.join('\n').matchAll(/as any\)\.(\w+)/g)].map(([, name]) => name as string);
  expect(read.length).toBeGreaterThan(5);
  for (const name of new Set(read)) expect(own, name).toContain(name);
});
