import { entityKind, is, sql } from 'drizzle-orm';
import { PgInsertBase, QueryBuilder } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { describe, expect, test, vi } from 'vitest';
import { BatchedInsert } from '../../../src/database/insert.ts';
import { sessionOf } from '../../../src/drizzle/insert.ts';
import { batchedDrizzle } from '../../../src/index.ts';
import type { Entry } from '../../../src/take/entry.ts';
import type { UnitOfWork } from '../../../src/unit-of-work/unit-of-work.ts';
import { dialect, entryOf } from '../../support/entries.ts';
import { users } from '../../support/schema.ts';

/** An insert with a stub for its unit of work, and the entries that it has awaited. */
function insertOf(entry: Entry) {
  const awaited: Entry[] = [];
  const wait = (each: Entry) => {
    awaited.push(each);
    return each.result();
  };
  const insert = new BatchedInsert(entry, { wait, session: {} } as unknown as UnitOfWork);
  return { insert, awaited };
}

const written = () => {
  const entry = entryOf(users, { name: 'Ada' });
  entry.conclude({ value: () => ['row'] });
  return { entry, ...insertOf(entry) };
};

describe('an insert', () => {
  test("is drizzle's, by instanceof, by is() and by its tag", () => {
    const insert = batchedDrizzle.mock().insert(users).values({ name: 'Ada' });
    expect(insert).toBeInstanceOf(PgInsertBase);
    expect(is(insert, PgInsertBase)).toBe(true);
    expect(is(insert, QueryBuilder)).toBe(false);
    const OfAnotherCopy = Object.assign(class {}, { [entityKind]: 'PgInsert' });
    expect(is(insert, OfAnotherCopy)).toBe(true);
    const plain = drizzle.mock().insert(users).values({ name: 'Ada' });
    expect(insert[Symbol.toStringTag]).toBe(plain[Symbol.toStringTag]);
    expect(Object.prototype.toString.call(insert)).toBe('[object QueryPromise]');
  });

  test('has the dialect of its table, and the session of its queue', () => {
    const entry = entryOf(users, { name: 'Ada' });
    const session = sessionOf(drizzle.mock());
    const insert = new BatchedInsert(entry, { session } as UnitOfWork) as unknown as Record<string, unknown>;
    expect(insert.dialect).toBe(dialect);
    expect(insert.session).toBe(session);
  });

  test('waits for its own entry, awaited or executed, also where execute() has lost its insert', async () => {
    const { insert, awaited, entry } = written();
    const { execute } = insert;
    expect([await insert, await insert.execute(), await execute()]).toEqual([['row'], ['row'], ['row']]);
    expect(awaited).toEqual([entry, entry, entry]);
  });

  test('can have its execute() replaced, alone among all inserts, and awaits what stands there', async () => {
    const { insert, awaited } = written();
    const execute = vi.spyOn(insert, 'execute').mockResolvedValue(['spied'] as never);
    expect(await insert).toEqual(['spied']);
    expect(execute).toHaveBeenCalledOnce();
    expect(awaited).toEqual([]);
    expect(await written().insert).toEqual(['row']);
    const other = written().insert;
    other.execute = async () => ['assigned'] as never;
    expect(await other).toEqual(['assigned']);
    expect(await written().insert).toEqual(['row']);
  });

  test('is executed through a spy that only looks on, and through a proxy around it', async () => {
    const { insert, awaited, entry } = written();
    const spy = vi.spyOn(insert, 'execute');
    expect(await insert).toEqual(['row']);
    expect(spy).toHaveBeenCalledOnce();
    expect(awaited).toEqual([entry]);
    const executed = vi.fn();
    const proxy = new Proxy(written().insert, {
      get(target, key, receiver) {
        if (key === 'execute') executed();
        return Reflect.get(target, key, receiver);
      },
    });
    expect(await proxy).toEqual(['row']);
    expect(executed).toHaveBeenCalledOnce();
  });

  const values = { name: 'Ada' };
  test.each<[string, (db: Database) => object]>([
    ['nothing', (db) => db.insert(users).values(values)],
    ['OVERRIDING', (db) => db.insert(users).overridingSystemValue().values(values)],
    ['everything returned', (db) => db.insert(users).values(values).returning()],
    ['columns returned', (db) => db.insert(users).values(values).returning({ key: users.id })],
    [
      'an expression returned',
      (db) =>
        db
          .insert(users)
          .values(values)
          .returning({ upper: sql`upper(${users.name})` }),
    ],
    [
      'conflicts left out',
      (db) => db.insert(users).values(values).onConflictDoNothing({ target: users.name }),
    ],
    [
      'conflicts that update',
      (db) =>
        db
          .insert(users)
          .values(values)
          .onConflictDoUpdate({ target: users.name, set: { name: 'Bob' } }),
    ],
  ])("has drizzle's configuration but for the rows, with %s", (_, make) => {
    const [own, plain] = [batchedDrizzle.mock(), drizzle.mock()].map((db) => configOf(make(db)));
    expect(own).toEqual(plain);
  });
});

type Database = Pick<PostgresJsDatabase, 'insert'>;

/**
 * The configuration without the rows. Without OVERRIDING ours contains false, and drizzle's has no such
 * property.
 */
function configOf(insert: object): object {
  const { config } = insert as { config: Record<string, unknown> };
  return { ...config, values: [], overridingSystemValue_: config.overridingSystemValue_ === true };
}
