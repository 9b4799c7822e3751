import { DrizzleQueryError, entityKind, SQL, sql } from 'drizzle-orm';
import { PgInsertBase, PgInsertBuilder } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import { describe, expect, test } from 'vitest';
import {
  BatchedDatabase,
  BatchedInsert,
  BatchedInsertBuilder,
  BatchedInsertError,
  BatchedTransaction,
  batchedDrizzle,
  FlushError,
} from '#version/index';
import * as nodePostgres from '#version/node-postgres';
import { Reference } from '../../../src/take/entry.ts';
import { users } from '../../support/schema-tables.ts';

const classes: [name: string, of: { [entityKind]?: string; prototype: object }][] = [
  ['the database', BatchedDatabase],
  ['the transaction', BatchedTransaction],
  ['the database on pg', nodePostgres.BatchedDatabase],
  ['the transaction on pg', nodePostgres.BatchedTransaction],
  ['the insert builder', BatchedInsertBuilder],
  ['the insert', BatchedInsert],
  ['a reference', Reference],
  ['the error of an insert', BatchedInsertError],
  ['the error of a flush', FlushError],
] as never;

describe('a class that extends one of drizzle’s has a kind that drizzle’s have not', () => {
  test.each(classes)('%s', (_, ours) => {
    const base = Object.getPrototypeOf(ours) as { [entityKind]?: string };
    expect(ours[entityKind]).toMatch(/^Batched/);
    expect(Object.hasOwn(ours, Symbol.hasInstance) || Object.hasOwn(base, Symbol.hasInstance)).toBe(true);
  });
});

test('drizzle’s own objects are instances of no class of ours', () => {
  const plain = drizzle.mock();
  const insert = plain.insert(users);
  const error = new DrizzleQueryError('select 1', [], new Error('refused'));
  expect(sql`1`).not.toBeInstanceOf(Reference);
  expect(plain).not.toBeInstanceOf(BatchedDatabase);
  expect(insert).not.toBeInstanceOf(BatchedInsertBuilder);
  expect(insert.values({ name: 'Ada' })).not.toBeInstanceOf(BatchedInsert);
  expect(error).not.toBeInstanceOf(BatchedInsertError);
  expect(error).not.toBeInstanceOf(FlushError);
});

test('ours are instances of drizzle’s', async () => {
  const db = batchedDrizzle.mock();
  const builder = db.insert(users);
  const insert = builder.values({ name: 'Ada' });
  expect(builder).toBeInstanceOf(PgInsertBuilder);
  expect(insert).toBeInstanceOf(PgInsertBase);
  expect(insert.ref('id')).toBeInstanceOf(SQL);
  await expect(insert).rejects.toBeInstanceOf(DrizzleQueryError);
});
