import type { Logger } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { describe, expectTypeOf, test } from 'vitest';
import {
  type BatchedDatabase,
  type BatchedDrizzleConfig,
  type BatchOptions,
  batchedDrizzle,
} from '../../src/index.ts';
import * as schema from '../support/schema.ts';
import type { Schema } from './databases.ts';

declare const client: Sql<{ point: [number, number] }>;
declare const logger: Logger;
const url = 'postgres://localhost/app';

describe("drizzle's forms of argument", () => {
  test('a client or a URL', () => {
    expectTypeOf(batchedDrizzle(client)).toEqualTypeOf<BatchedDatabase & { $client: typeof client }>();
    expectTypeOf(batchedDrizzle(url)).toEqualTypeOf<BatchedDatabase & { $client: Sql }>();
  });

  test('a client or a URL, and a config', () => {
    expectTypeOf(batchedDrizzle(client, { schema })).toEqualTypeOf<
      BatchedDatabase<Schema> & { $client: typeof client }
    >();
    expectTypeOf(batchedDrizzle(url, { schema, logger, casing: 'snake_case' })).toEqualTypeOf<
      BatchedDatabase<Schema> & { $client: Sql }
    >();
  });

  test('a config with a client or a connection', () => {
    expectTypeOf(batchedDrizzle({ client, schema })).toEqualTypeOf<
      BatchedDatabase<Schema> & { $client: typeof client }
    >();
    expectTypeOf(batchedDrizzle({ connection: url, schema }).query).toEqualTypeOf(
      drizzle({ connection: url, schema }).query,
    );
    batchedDrizzle({ connection: { url, max: 1, ssl: 'require' } });
    batchedDrizzle({ connection: { host: 'localhost', port: 5432 }, logger: true });
  });

  test('no client at all', () => {
    expectTypeOf(batchedDrizzle.mock()).toExtend<BatchedDatabase>();
    expectTypeOf(batchedDrizzle.mock({ schema }).query).toEqualTypeOf(drizzle.mock({ schema }).query);
    expectTypeOf(batchedDrizzle.mock().$client).toEqualTypeOf(drizzle.mock().$client);
  });

  test('are all that there are', () => {
    // @ts-expect-error nothing to connect to
    batchedDrizzle();
    // @ts-expect-error neither a client nor a connection
    batchedDrizzle({ schema });
    // @ts-expect-error no option of drizzle's
    batchedDrizzle(client, { shema: schema });
    // @ts-expect-error no casing
    batchedDrizzle(client, { casing: 'kebab-case' });
  });

  test('can be handed on from a function that has the same', () => {
    expectTypeOf<Parameters<typeof drizzle<Schema, Sql>>>().toExtend<
      Parameters<typeof batchedDrizzle<Schema, Sql>>
    >();
  });
});

describe('the batch key', () => {
  test('stands in the config of every form', () => {
    const batch: BatchOptions = { maxRows: 1_000, maxBytes: 1_024, keys: 'client', parameters: 'describe' };
    expectTypeOf(batchedDrizzle(client, { schema, batch })).toExtend<BatchedDatabase<Schema>>();
    expectTypeOf(batchedDrizzle(url, { schema, batch })).toExtend<BatchedDatabase<Schema>>();
    expectTypeOf(batchedDrizzle({ client, schema, batch })).toExtend<BatchedDatabase<Schema>>();
    expectTypeOf(batchedDrizzle({ connection: url, schema, batch })).toExtend<BatchedDatabase<Schema>>();
    expectTypeOf(batchedDrizzle.mock({ schema, batch })).toExtend<BatchedDatabase<Schema>>();
    expectTypeOf<BatchedDrizzleConfig<Schema>['batch']>().toEqualTypeOf<BatchOptions | undefined>();
    batchedDrizzle(client, { batch: {} });
  });

  test('has no options but its own', () => {
    // @ts-expect-error no option
    batchedDrizzle(client, { batch: { nonsense: 1 } });
    // @ts-expect-error no option
    batchedDrizzle({ client, batch: { nonsense: 1 } });
    // @ts-expect-error no option
    batchedDrizzle({ connection: url, schema, batch: { maxRows: 1, nonsense: 1 } });
    // @ts-expect-error no option
    batchedDrizzle.mock({ batch: { nonsense: 1 } });
  });

  test('has no values but those allowed', () => {
    // @ts-expect-error a number
    batchedDrizzle(client, { batch: { maxRows: '10' } });
    // @ts-expect-error 'server' or 'client'
    batchedDrizzle(client, { batch: { keys: 'nowhere' } });
    // @ts-expect-error 'bind' or 'describe'
    batchedDrizzle(client, { batch: { parameters: true } });
  });
});

describe('$client', () => {
  test('is the client that was given', async () => {
    expectTypeOf(batchedDrizzle(client).$client).toEqualTypeOf(client);
    expectTypeOf(batchedDrizzle(client).$client).toEqualTypeOf(drizzle(client).$client);
  });

  test('is not in a BatchedDatabase that is only named', () => {
    // @ts-expect-error drizzle's own database does not have it either
    ({}) as BatchedDatabase['$client'];
  });
});
