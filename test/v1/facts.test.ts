import * as drizzleOrm from 'drizzle-orm';
import { entityKind, is, Param, SQL, sql, Table } from 'drizzle-orm';
import { NoopCache } from 'drizzle-orm/cache/core';
import {
  integer,
  jsonb,
  numeric,
  PgAsyncInsertBase,
  PgAsyncTransaction,
  type PgDialect,
  pgSchema,
  pgTable,
  text,
} from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import { describe, expect, test } from 'vitest';
import { useClient } from './use-client.ts';

// Each test pins a fact about drizzle 1.0 that `src/v1/` depends on. Our own code is not tested here.

const client = useClient();
const db = drizzle({ client });

const people = pgSchema('app').table('people', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  name: text('name'),
  loud: text('loud').generatedAlwaysAs(sql`upper("name")`),
  amounts: numeric('amounts').array(),
  body: jsonb('body'),
});

type Insides = Record<string, never>;

/** What drizzle does not export. */
const insides = (object: object): Record<string, unknown> => object as Insides;
const call = (object: object, method: string, ...args: unknown[]): unknown =>
  (insides(object)[method] as (...given: unknown[]) => unknown).apply(object, args);

const dialect = insides(db).dialect as PgDialect;
const codecs = insides(dialect).codecs as object;
const session = insides(db).session as object;

test('instanceof compares kinds, and a class without one of its own has that of its base', () => {
  class Plain extends SQL {}
  class Own extends SQL {
    static override readonly [entityKind]: string = 'Own';
  }
  expect(sql`1`).toBeInstanceOf(Plain);
  expect(sql`1`).not.toBeInstanceOf(Own);
  expect(is(new Own([]), SQL)).toBe(true);
});

describe('a column', () => {
  test('has a mapping of its own that says by isNoop that it changes nothing', () => {
    expect(insides(people.name.mapToDriverValue).isNoop).toBe(true);
    expect(Object.hasOwn(people.name, 'mapToDriverValue')).toBe(true);
  });

  test('is left out of an insert by shouldDisableInsert() if it is generated, or an identity that is GENERATED ALWAYS', () => {
    expect(call(people.id, 'shouldDisableInsert')).toBe(true);
    expect(call(people.loud, 'shouldDisableInsert')).toBe(true);
    expect([people.id.generated, people.loud.generated !== undefined]).toEqual([undefined, true]);
  });

  test('has codecs by codecs.get(): normalizeParam for parameters of arrays, none for json, and cast for RETURNING', () => {
    expect(call(codecs, 'get', people.amounts, 'normalizeParam')).toBeTypeOf('function');
    expect(call(codecs, 'get', people.body, 'normalizeParam')).toBeUndefined();
    expect(call(codecs, 'get', people.amounts, 'cast')).toBeTypeOf('function');
  });

  test('tells its number of dimensions', () => {
    expect(insides(people.amounts).dimensions).toBe(1);
  });

  test('is asked for codecsOf(), whose castParam gets the placeholder and the column', () => {
    const asked: unknown[] = [];
    const own = Object.create(codecs, {
      codecsOf: { value: () => ({ castParam: (...args: unknown[]) => `${asked.push(args) && args[0]}::x` }) },
    });
    const query = sql`${new Param('a', people.name)}`.toQuery({
      escapeName: String,
      escapeParam: (index) => `$${index + 1}`,
      escapeString: String,
      codecs: own,
    });
    expect(query).toEqual({ sql: '$1::x', params: ['a'] });
    expect(asked).toEqual([['$1', people.name, insides(people.name).dimensions]]);
  });
});

test('a table has its name in the cache under Table.Symbol.CacheKey', () => {
  const { CacheKey } = (Table as unknown as { Symbol: Record<string, symbol> }).Symbol;
  expect((people as unknown as Record<symbol, unknown>)[CacheKey as symbol]).toBe('app.people');
});

describe('a dialect', () => {
  test('casts what is returned by buildSelection(), which keeps the name of the column', () => {
    const [field] = call(
      drizzleOrm,
      'orderSelectedFields',
      { a: people.amounts },
      undefined,
      codecs,
    ) as object[];
    expect(field).toMatchObject({ path: ['a'], fieldType: 'Column', arrayDimensions: 1 });
    const selection = call(dialect, 'buildSelection', [field], { isSingleTable: true, table: people }) as SQL;
    expect(dialect.sqlToQuery(selection).sql).toBe('"amounts"::text[]');
  });

  test('maps a Param in a row once more, but not SQL around it', () => {
    const insert = (amounts: unknown) =>
      dialect.sqlToQuery(call(dialect, 'buildInsertQuery', { table: people, values: [{ amounts }] }) as SQL);
    expect(insert(new SQL([new Param('{1}')])).params).toEqual(['{1}']);
    expect(() => insert(new Param('{1}'))).toThrow(TypeError);
  });

  test('makes rows by makeDefaultQueryMapper(), which the package exports', () => {
    const selection = call(
      drizzleOrm,
      'orderSelectedFields',
      { of: { name: people.name } },
      undefined,
      codecs,
    );
    const map = call(drizzleOrm, 'makeDefaultQueryMapper', selection) as (rows: unknown[][]) => unknown;
    expect(map([['Ada']])).toEqual([{ of: { name: 'Ada' } }]);
  });
});

describe('a database', () => {
  test('has a session with client, relations, options, logger, and takes no schema', () => {
    expect(Object.keys(session)).toEqual(
      expect.arrayContaining(['client', 'relations', 'options', 'logger']),
    );
    expect(insides(session).client).toBe(client);
  });

  test('makes another client of a function as the first argument', () => {
    const made = (drizzle as never as (client: unknown) => { $client: { end(): Promise<void> } })(client);
    expect(made.$client).not.toBe(client);
  });

  test('prepares by prepareQuery(query, mode, name, mapper, metadata), and sends by unsafe() of the session that has prepared', async () => {
    const sent: unknown[] = [];
    const other = Object.create(session, {
      client: { value: { unsafe: (...args: unknown[]) => sent.push(args) && Promise.resolve([]) } },
    });
    const prepared = call(other, 'prepareQuery', { sql: 'select 1', params: [2] }, 'raw', false) as {
      execute(): Promise<unknown>;
    };
    await prepared.execute();
    expect(sent).toEqual([['select 1', [2], { prepare: false }]]);
    expect(insides(prepared).query).toEqual({ sql: 'select 1', params: [2] });
    expect(insides(prepared).cache).toBeInstanceOf(NoopCache);
  });
});

test('a transaction writes its modes by getTransactionConfigChunks(), and a snapshot by setTransactionSnapshotSQL()', () => {
  const { prototype } = PgAsyncTransaction;
  const modes = { isolationLevel: 'repeatable read', accessMode: 'read only', deferrable: false };
  expect(call(prototype, 'getTransactionConfigChunks', modes)).toEqual([
    'isolation level repeatable read',
    'read only',
    'not deferrable',
  ]);
  expect(call(prototype, 'getTransactionConfigChunks', {})).toEqual([]);
  const snapshot = call(prototype, 'setTransactionSnapshotSQL', '00000003-1') as SQL;
  expect(dialect.sqlToQuery(snapshot).sql).toBe("set transaction snapshot '00000003-1'");
});

test('an insert is a promise by a mixin, without the name of one', () => {
  const insert = db.insert(people).values({ name: 'Ada' });
  expect(insert).toBeInstanceOf(PgAsyncInsertBase);
  expect(Object.prototype.toString.call(insert)).toBe('[object Object]');
  expect(Object.hasOwn(PgAsyncInsertBase.prototype, 'then')).toBe(true);
});

test('neither Table nor pgTable() knows of a casing', () => {
  expect(insides(pgTable('t', { fooBar: integer() }).fooBar).name).toBe('fooBar');
});
