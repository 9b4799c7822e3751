import { DrizzleQueryError, eq, sql, TransactionRollbackError } from 'drizzle-orm';
import { integer, type PgTransactionConfig, pgTable, serial } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { BatchedInsertError } from '../../src/take/insert-error.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle, errorOf, rowsOf } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf, unhandledDuring } from '../support/process-events.ts';
import { addresses, logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/** The foreign key is deferred, so the user need not exist before COMMIT. */
const pledges = pgTable('pledges', { id: serial('id').primaryKey(), userId: integer('user_id') });

const check = drizzle(database.client());
let client: Client;
let db: BatchedDatabase;
let plain: PostgresJsDatabase;

beforeAll(async () => {
  await check.execute(
    'create table pledges (id serial primary key, user_id int references users deferrable initially deferred)',
  );
  // One connection, so that a connection that is lost to the pool is noticed at once.
  client = database.client({ max: 1 });
  db = batchedDrizzle(client);
  // drizzle on pg never gives back a connection whose BEGIN was refused.
  plain = driver.reference(database.client({ max: 2 }));
});
beforeEach(() => check.execute(emptyTables()));
afterEach(async () => {
  const [state] = rowsOf(
    await db.execute<{ level: string; open: boolean }>(
      sql`select current_setting('transaction_isolation') as level, now() <> statement_timestamp() as open`,
    ),
  );
  expect(state, 'the connection is back in the pool, and in no transaction').toEqual({
    level: 'read committed',
    open: false,
  });
});

type Transaction = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0];

/** The errors that both databases reject with, as a program sees them. */
async function rejectionsOf(
  work: (tx: Transaction) => Promise<unknown>,
  config?: PgTransactionConfig,
): Promise<{ batched: Error & Record<string, unknown>; plain: Error & Record<string, unknown> }> {
  const expected = await rejectionOf(plain.transaction(work, config));
  await check.execute(emptyTables());
  return {
    batched: await rejectionOf(db.transaction(work as Parameters<typeof db.transaction>[0], config)),
    plain: expected,
  };
}

function shapeOf(error: Error & Record<string, unknown>): object {
  const { severity, code, detail } = error;
  const known = { class: error.constructor.name, name: error.name, message: error.message };
  return { ...known, severity, code, detail, fields: driver.errorFields.map((name) => error[name]) };
}

const ofCommit = (error: Error) => driver.unwrapped(error, /^commit$/);
const ofRelease = (error: Error) => driver.unwrapped(error, /^release savepoint/);

/** Expects the same error, and the same in it. */
function expectSame(batched: Error, plain: Error): void {
  expect(batched.constructor.name).toBe(plain.constructor.name);
  expect(shapeOf(ofCommit(batched))).toEqual(shapeOf(ofCommit(plain)));
}

describe('a transaction that succeeds', () => {
  test("resolves to its callback's value, once the server has committed", async () => {
    const value = { any: 'thing' };
    const result = await db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'ada' });
      return value;
    });
    expect(result).toBe(value);
    expect(await check.$count(users)).toBe(1);
  });

  test('is seen by nobody before', async () => {
    await db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'ada' });
      expect(await check.$count(users)).toBe(0);
    });
    expect(await check.$count(users)).toBe(1);
  });

  test('settles what was queued and not awaited, with the rows', async () => {
    const insert = await db.transaction(async (tx) => ({
      pending: tx
        .insert(users)
        .values([{ name: 'ada' }, { name: 'bob' }])
        .returning({ name: users.name }),
    }));
    expect(await insert.pending).toEqual([{ name: 'ada' }, { name: 'bob' }]);
  });

  test('may hand its inserts back as its value, which are awaited then', async () => {
    const [ada, bob] = await db.transaction((tx) =>
      Promise.all([
        tx.insert(users).values({ name: 'ada' }).returning(),
        tx.insert(users).values({ name: 'bob' }).returning(),
      ]),
    );
    expect([ada, bob]).toEqual([[{ id: 1, name: 'ada' }], [{ id: 2, name: 'bob' }]]);
  });
});

describe('a callback that throws', () => {
  test('rolls back what was written, and drops what it had queued', async () => {
    const reason = new Error('enough');
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        await tx.insert(users).values({ name: 'written' });
        tx.insert(users).values({ name: 'queued' });
        throw reason;
      }),
    );
    expect(error).toBe(reason);
    expect(await check.$count(users)).toBe(0);
  });

  test('before anything is sent rejects with the same error', async () => {
    const reason = new Error('enough');
    const error = await rejectionOf(
      db.transaction(async () => {
        throw reason;
      }),
    );
    expect(error).toBe(reason);
  });

  test('synchronously rejects with the same error, as in drizzle', async () => {
    const { batched, plain } = await rejectionsOf(() => {
      throw new RangeError('enough');
    });
    expect(shapeOf(batched)).toEqual(shapeOf(plain));
  });

  test('rejects the promises of what it had queued with the same error, quietly', async () => {
    const reason = new Error('enough');
    const inserts: PromiseLike<unknown>[] = [];
    const unhandled = await unhandledDuring(async () => {
      await rejectionOf(
        db.transaction(async (tx) => {
          inserts.push(
            tx.insert(users).values({ name: 'queued' }),
            tx.insert(logs).values({ level: 'a', message: 'b' }),
          );
          throw reason;
        }),
      );
    });
    expect(unhandled).toEqual([]);
    expect(await Promise.all(inserts.map(rejectionOf))).toEqual([reason, reason]);
    expect(await rejectionOf(inserts[0] as PromiseLike<unknown>)).toBe(reason);
  });

  test('by rollback() rejects with what drizzle rejects with', async () => {
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.insert(users).values({ name: 'ada' });
      tx.rollback();
    });
    expect(batched).toBeInstanceOf(TransactionRollbackError);
    expect(shapeOf(batched)).toEqual(shapeOf(plain));
    expect(await check.$count(users)).toBe(0);
  });

  test('waits for what is under way before it gives the connection back', async () => {
    const late: PromiseLike<unknown>[] = [];
    await rejectionOf(
      db.transaction(async (tx) => {
        const insert = tx.insert(users).values({ name: 'under way' });
        late.push(insert.then(() => 'written'));
        // A flush begins after the immediates of its turn.
        for (let step = 0; step < 2; step++) await new Promise(setImmediate);
        throw new Error('enough');
      }),
    );
    expect(await late[0]).toBe('written');
    expect(await check.$count(users)).toBe(0);
  });
});

describe('a statement that fails', () => {
  test('rejects its insert with the shape of drizzle: DrizzleQueryError, and PostgresError as its cause', async () => {
    await check.insert(users).values({ name: 'taken' });
    await db
      .transaction(async (tx) => {
        const error = await rejectionOf(tx.insert(users).values({ name: 'taken' }));
        expect(error).toBeInstanceOf(DrizzleQueryError);
        expect(error).toBeInstanceOf(BatchedInsertError);
        expect(error.cause).toBeInstanceOf(driver.DatabaseError);
        expect(error.cause).toMatchObject(errorOf({ code: '23505', constraint_name: 'users_name_unique' }));
        expect(error).toMatchObject({
          query: 'insert into "users" ("id", "name") values (default, $1)',
          params: ['taken'],
        });
        expect(error.message).toContain('insert of 1 row into "users" failed');
        throw error;
      })
      .catch((error) => expect(error).toBeInstanceOf(BatchedInsertError));
  });

  test('and that the callback does not catch rejects transaction() with what drizzle rejects with', async () => {
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.insert(users).values({ name: 'taken' });
      await tx.insert(users).values({ name: 'taken' });
    });
    expect(plain).toBeInstanceOf(DrizzleQueryError);
    expect(batched).toBeInstanceOf(DrizzleQueryError);
    expect(shapeOf(batched.cause as never)).toEqual(shapeOf(plain.cause as never));
    expect(batched.query).toBe(plain.query);
    expect(batched.params).toEqual(plain.params);
    expect(await check.$count(users)).toBe(0);
  });

  test('and that the callback catches still rejects transaction() with the PostgresError itself, as in drizzle', async () => {
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.insert(users).values({ name: 'taken' });
      await tx
        .insert(users)
        .values({ name: 'taken' })
        .catch(() => {});
      return 'caught';
    });
    expect(ofCommit(batched)).toBeInstanceOf(driver.DatabaseError);
    expect(ofCommit(batched)).toMatchObject(errorOf({ code: '23505', constraint_name: 'users_name_unique' }));
    expectSame(batched, plain);
    expect(await check.$count(users)).toBe(0);
  });

  test('of several rows, caught, rejects transaction() with the PostgresError itself', async () => {
    const { batched, plain } = await rejectionsOf(async (tx) => {
      const rows = [{ name: 'taken' }, { name: 'taken' }];
      await tx
        .insert(users)
        .values(rows)
        .catch(() => {});
    });
    expectSame(batched, plain);
  });

  test('of plain SQL, caught, rejects transaction() with the PostgresError itself', async () => {
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.execute(sql`select 1/0`).catch(() => {});
    });
    expect(ofCommit(batched)).toMatchObject({ code: '22012' });
    expectSame(batched, plain);
  });

  test('and one behind it that fails only because of it: the first error is the one told, as in drizzle', async () => {
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.execute(sql`select 1/0`).catch(() => {});
      await tx.execute(sql`select 1`);
    });
    expect(plain.cause).toMatchObject({ code: '25P02' });
    expect(shapeOf(batched.cause as never)).toEqual(shapeOf(plain.cause as never));
  });

  test('and an insert behind it rejects with what drizzle rejects with', async () => {
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.insert(users).values({ name: 'taken' });
      await tx
        .insert(users)
        .values({ name: 'taken' })
        .catch(() => {});
      await tx.insert(logs).values({ level: 'info', message: 'behind' });
    });
    expect(batched).toBeInstanceOf(DrizzleQueryError);
    expect(shapeOf(batched.cause as never)).toEqual(shapeOf(plain.cause as never));
  });

  test('and that nobody awaits rejects transaction(), and causes no unhandledRejection', async () => {
    await check.insert(users).values({ name: 'taken' });
    let error: Error | undefined;
    const unhandled = await unhandledDuring(async () => {
      error = await rejectionOf(
        db.transaction(async (tx) => {
          tx.insert(logs).values({ level: 'info', message: 'never' });
          tx.insert(users).values({ name: 'taken' });
        }),
      );
    });
    expect(unhandled).toEqual([]);
    expect(ofCommit(error as Error)).toBeInstanceOf(driver.DatabaseError);
    expect(ofCommit(error as Error)).toMatchObject(
      errorOf({ code: '23505', constraint_name: 'users_name_unique' }),
    );
    expect(await check.$count(logs)).toBe(0);
  });

  test('rejects a flush() with tables, codes and counts, and then the transaction', async () => {
    await check.insert(users).values({ name: 'taken' });
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        tx.insert(users).values({ name: 'taken' });
        const flushed = await rejectionOf(tx.flush());
        expect(flushed).toMatchObject({
          batchCode: 'FLUSH_FAILED',
          failures: [{ table: '"users"', rows: 1, code: '23505' }],
        });
      }),
    );
    expect(ofCommit(error)).toMatchObject({ code: '23505' });
    expect(await check.$count(users)).toBe(1);
  });

  test.each([
    ['alone', (tx: Pick<PostgresJsDatabase, 'insert'>) => [tx.insert(users).values({ name: 'taken' })]],
    [
      'among others',
      (tx: Pick<PostgresJsDatabase, 'insert'>) =>
        ['a', 'taken', 'b'].map((name) => tx.insert(users).values({ name })),
    ],
  ])(
    'rejects its transaction with its own error, an insert %s with statements behind it',
    async (_, inserts) => {
      await check.insert(users).values({ name: 'taken' });
      const failed = (on: Pick<typeof check, 'transaction'>) =>
        rejectionOf(
          on.transaction(async (tx) => {
            await tx.select().from(users);
            await Promise.allSettled([
              ...inserts(tx),
              tx.update(users).set({ name: 'new' }).where(eq(users.id, 1)),
            ]);
          }),
        );
      const [theirs, ours] = [ofCommit(await failed(plain)), ofCommit(await failed(db))];
      expect(theirs).toMatchObject({ code: '23505' });
      expect(ours).toMatchObject({ code: '23505', message: theirs.message });
    },
  );

  test('of few inserts rejects its own and those behind it, as in drizzle, and nothing is written', async () => {
    await check.insert(users).values({ name: 'taken' });
    const settle = async (on: Pick<typeof check, 'transaction'>) => {
      let inserts: Promise<unknown>[] = [];
      const failed = await rejectionOf(
        on.transaction(async (tx) => {
          inserts = [
            tx.insert(logs).values({ level: 'info', message: 'a' }).execute(),
            tx
              .insert(users)
              .values([{ name: 'b' }, { name: 'taken' }])
              .execute(),
            tx.insert(logs).values({ level: 'info', message: 'c' }).execute(),
          ];
          await Promise.all(inserts);
        }),
      );
      const settled = await Promise.allSettled(inserts);
      expect(await check.$count(logs)).toBe(0);
      return { failed, settled };
    };
    const [theirs, ours] = [await settle(plain), await settle(db)];
    const codeOf = (error: Error) => (error.cause as { code?: string }).code;
    const codes = (settled: readonly PromiseSettledResult<unknown>[]) =>
      settled.map((each) => (each.status === 'fulfilled' ? 'fulfilled' : codeOf(each.reason)));
    expect(codes(ours.settled)).toEqual(['fulfilled', '23505', '25P02']);
    expect(codes(ours.settled)).toEqual(codes(theirs.settled));
    expect([ours.failed, theirs.failed].map(codeOf)).toEqual(['23505', '23505']);
    const { query, params, cause: behind } = (ours.settled[2] as PromiseRejectedResult).reason;
    expect(behind).toMatchObject(driver.errorOf({ query, parameters: params, args: params }));
    expect(query).not.toContain('set_config');
    expect(behind.cause.message).toBe('an earlier insert into "users" failed with 23505');
  });

  test('a value that its column cannot take rejects its insert and the transaction', async () => {
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        tx.insert(logs).values({ level: 'info', message: 'a' });
        const own = await rejectionOf(tx.insert(users).values({ name: 'x'.repeat(51) }));
        expect(own.cause).toMatchObject({ code: '22001' });
      }),
    );
    expect(ofCommit(error)).toMatchObject({ code: '22001' });
    expect(await check.$count(logs)).toBe(0);
  });
});

test('a value that cannot be sent, queued and not awaited, rejects the transaction and nothing is written', async () => {
  const unhandled = await unhandledDuring(async () => {
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        tx.insert(logs).values({ level: 'info', message: 'a' });
        tx.insert(logs).values({ level: 'bad', message: driver.unsendable as never });
        tx.insert(users).values({ name: 'ada' });
      }),
    );
    expect(error.message).toContain('Cannot convert a Symbol value to a string');
  });
  expect(unhandled).toEqual([]);
  expect([await check.$count(logs), await check.$count(users)]).toEqual([0, 0]);
});

test('statements of one turn do not get into one another, whatever they send', async () => {
  const seen = await db.transaction((tx) =>
    Promise.all([
      ...[1, 2, 3].map((number) =>
        tx.execute(sql`select ${number}::int as n`).then((result) => rowsOf(result)[0]?.n),
      ),
      ...['a', 'b', 'c'].map((name) =>
        tx
          .insert(users)
          .values({ name })
          .returning({ n: users.name })
          .then(([row]) => row?.n),
      ),
      ...[4, 5, 6].map((number) =>
        tx.execute(sql`select ${number}::int as n`).then((result) => rowsOf(result)[0]?.n),
      ),
      tx.$count(users),
    ]),
  );
  expect(seen.slice(0, -1)).toEqual([1, 2, 3, 'a', 'b', 'c', 4, 5, 6]);
  expect(await check.$count(users)).toBe(3);
});

describe('COMMIT', () => {
  test('that fails for a deferred constraint rejects with what drizzle rejects with', async () => {
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.insert(pledges).values({ userId: 4711 });
    });
    expect(ofCommit(batched)).toBeInstanceOf(driver.DatabaseError);
    expect(ofCommit(batched)).toMatchObject({ code: '23503' });
    expectSame(batched, plain);
    expect(await check.$count(pledges)).toBe(0);
  });

  test('that the server answers with ROLLBACK rejects with what failed, though nobody waited for it', async () => {
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        // Its error arrives after COMMIT was sent.
        tx.execute(sql`select 1/0`).catch(() => {});
        for (let jobs = 0; jobs < 20; jobs++) await undefined;
        return 'done';
      }),
    );
    expect(ofCommit(error)).toMatchObject({ code: '22012' });
  });

  test('that travels along and fails rejects the transaction just the same', async () => {
    const inserts: PromiseLike<unknown>[] = [];
    const error = await rejectionOf(
      db.transaction(async (tx) => {
        inserts.push(
          tx
            .insert(pledges)
            .values([{ userId: 4711 }, { userId: 4712 }])
            .returning(),
        );
      }),
    );
    expect(ofCommit(error)).toBeInstanceOf(driver.DatabaseError);
    expect(ofCommit(error)).toMatchObject({ code: '23503' });
    expect(await check.$count(pledges)).toBe(0);
  });
});

describe('a config', () => {
  const settings = sql`select current_setting('transaction_isolation') as isolation,
    current_setting('transaction_read_only') as read_only, current_setting('transaction_deferrable') as deferrable`;
  const configs: [PgTransactionConfig, object][] = [
    [
      { isolationLevel: 'read committed' },
      { isolation: 'read committed', read_only: 'off', deferrable: 'off' },
    ],
    [
      { isolationLevel: 'repeatable read' },
      { isolation: 'repeatable read', read_only: 'off', deferrable: 'off' },
    ],
    [
      { isolationLevel: 'serializable', accessMode: 'read only', deferrable: true },
      { isolation: 'serializable', read_only: 'on', deferrable: 'on' },
    ],
    [
      { accessMode: 'read write', deferrable: false },
      { isolation: 'read committed', read_only: 'off', deferrable: 'off' },
    ],
  ];

  test.each(configs)('%o is seen by the server', async (config, expected) => {
    const [seen] = rowsOf(await db.transaction((tx) => tx.execute(settings), config));
    expect(seen).toEqual(expected);
  });

  test('holds for what is only queued', async () => {
    const error = await rejectionOf(
      db.transaction(
        async (tx) => {
          tx.insert(users).values({ name: 'ada' });
        },
        { accessMode: 'read only' },
      ),
    );
    expect(ofCommit(error)).toMatchObject({ code: '25006' });
    expect(await check.$count(users)).toBe(0);
  });

  test('can also be set by setTransaction() in the callback', async () => {
    const [seen] = rowsOf(
      await db.transaction(async (tx) => {
        await tx.setTransaction({ isolationLevel: 'serializable' });
        tx.insert(users).values({ name: 'ada' });
        return tx.execute(settings);
      }),
    );
    expect(seen).toMatchObject({ isolation: 'serializable' });
    expect(await check.$count(users)).toBe(1);
  });

  test('that the server refuses rejects with what drizzle rejects with', async () => {
    const config = { isolationLevel: 'nonsense' } as never;
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.insert(users).values({ name: 'ada' });
    }, config);
    expect(batched.constructor).toBe(plain.constructor);
    expect(shapeOf(batched.cause as never)).toEqual(shapeOf(plain.cause as never));
    expect(await check.$count(users)).toBe(0);
  });
});

describe('a nested transaction', () => {
  test('that fails goes back to its savepoint, and the outer one goes on', async () => {
    const reason = new Error('inner');
    await db.transaction(async (tx) => {
      tx.insert(users).values({ name: 'before' });
      const inner = rejectionOf(
        tx.transaction(async (nested) => {
          await nested.insert(users).values({ name: 'inside' });
          nested.insert(users).values({ name: 'queued inside' });
          throw reason;
        }),
      );
      expect(await inner).toBe(reason);
      tx.insert(users).values({ name: 'after' });
    });
    const rows = await check.select().from(users).orderBy(users.id);
    expect(rows.map(({ name }) => name)).toEqual(['before', 'after']);
  });

  test('of which a statement failed goes back to its savepoint, as in drizzle', async () => {
    await check.insert(users).values({ name: 'taken' });
    const work = async (tx: Transaction, name: string): Promise<Error & Record<string, unknown>> => {
      await tx.insert(users).values({ name: `${name} before` });
      const error = await rejectionOf(
        tx.transaction(async (nested) => {
          await nested
            .insert(users)
            .values({ name: 'taken' })
            .catch(() => {});
        }),
      );
      await tx.insert(users).values({ name: `${name} after` });
      return error;
    };
    const expected = await plain.transaction((tx) => work(tx, 'plain'));
    const given = await db.transaction((tx) => work(tx, 'batched'));
    expect(ofRelease(given)).toBeInstanceOf(driver.DatabaseError);
    expect(shapeOf(ofRelease(given))).toEqual(shapeOf(ofRelease(expected)));
    const rows = await check.select().from(users).orderBy(users.id);
    expect(rows.map(({ name }) => name)).toEqual([
      'taken',
      'plain before',
      'plain after',
      'batched before',
      'batched after',
    ]);
  });

  test('that only queued what fails goes back to its savepoint, and keys of the outer one still hold', async () => {
    await check.insert(users).values({ name: 'taken' });
    await db.transaction(async (tx) => {
      const id = tx.insert(users).values({ name: 'outer' }).ref('id');
      const failed = await rejectionOf(
        tx.transaction(async (nested) => {
          nested.insert(users).values({ name: 'taken' });
        }),
      );
      expect(driver.causeOfRelease(ofRelease(failed))).toMatchObject({ code: '23505' });
      tx.insert(addresses).values({ email: 'a', userId: id });
    });
    const [user] = await check.select().from(users).where(eq(users.name, 'outer'));
    expect(await check.select().from(addresses)).toMatchObject([{ email: 'a', userId: user?.id }]);
  });

  test('begun after a statement has failed rejects with what drizzle rejects with', async () => {
    const inner: (Error & Record<string, unknown>)[] = [];
    const { batched, plain } = await rejectionsOf(async (tx) => {
      await tx.execute(sql`select 1/0`).catch(() => {});
      const nested = tx.transaction(async (each) => {
        await each.insert(users).values({ name: 'inside' });
      });
      inner.push(await rejectionOf(nested));
    });
    const [expected, given] = inner.map(({ code, cause }) => code ?? (cause as { code?: string }).code);
    expect(given).toBe(expected);
    expectSame(batched, plain);
    expect(ofCommit(batched)).toMatchObject({ code: '22012' });
  });

  test('that succeeds belongs to the outer one, and goes with it', async () => {
    await rejectionOf(
      db.transaction(async (tx) => {
        await tx.transaction(async (nested) => {
          nested.insert(users).values({ name: 'inside' });
        });
        expect(await tx.$count(users)).toBe(1);
        tx.rollback();
      }),
    );
    expect(await check.$count(users)).toBe(0);
  });

  test('goes as deep as one likes', async () => {
    await db.transaction(async (tx) => {
      await tx.transaction(async (one) => {
        one.insert(users).values({ name: '1' });
        await one.transaction(async (two) => {
          two.insert(users).values({ name: '2' });
          await rejectionOf(
            two.transaction(async (three) => {
              await three.insert(users).values({ name: '3' });
              three.rollback();
            }),
          );
        });
      });
    });
    const rows = await check.select().from(users).orderBy(users.id);
    expect(rows.map(({ name }) => name)).toEqual(['1', '2']);
  });

  test('refers to what the outer one has queued', async () => {
    await db.transaction(async (tx) => {
      const user = tx.insert(users).values({ name: 'ada' });
      await tx.transaction(async (nested) => {
        nested.insert(addresses).values({ email: 'a', userId: user.ref('id') });
      });
    });
    const [user] = await check.select().from(users);
    expect(await check.select().from(addresses)).toMatchObject([{ userId: user?.id }]);
  });
});

describe('a transaction that has ended', () => {
  test('rejects an insert at once and says so, after COMMIT', async () => {
    const tx = await db.transaction(async (ended) => ({ ended }));
    const error = await rejectionOf(tx.ended.insert(users).values({ name: 'late' }));
    expect(error).toBeInstanceOf(BatchedInsertError);
    expect(error.cause).toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(error.message).toContain('the transaction has ended');
    expect(await check.$count(users)).toBe(0);
  });

  test('rejects an insert at once and says so, after ROLLBACK', async () => {
    let ended: Transaction | undefined;
    const reason = new Error('enough');
    await rejectionOf(
      db.transaction(async (tx) => {
        ended = tx;
        throw reason;
      }),
    );
    const error = await rejectionOf(ended?.insert(users).values({ name: 'late' }) ?? Promise.resolve());
    expect(error.cause).toMatchObject({ code: 'TRANSACTION_ENDED', cause: reason });
    expect(await check.$count(users)).toBe(0);
  });

  test('is quiet about an insert that nobody awaits', async () => {
    const unhandled = await unhandledDuring(async () => {
      const { tx } = await db.transaction(async (ended) => ({ tx: ended }));
      tx.insert(users).values({ name: 'late' });
    });
    expect(unhandled).toEqual([]);
    expect(await check.$count(users)).toBe(0);
  });

  test('has committed, whatever is executed when its last inserts are answered', async () => {
    let late: Promise<Error[]> | undefined;
    await db.transaction(async (tx) => {
      const behind = () => [tx.select().from(users), tx.insert(users).values({ name: 'late' })];
      const last = tx.insert(users).values({ name: 'last' });
      late = last.then(() => Promise.all(behind().map(rejectionOf)));
    });
    const refused = { cause: { code: 'TRANSACTION_ENDED' } };
    expect(await late).toMatchObject([refused, refused]);
    expect(await check.select().from(users)).toMatchObject([{ name: 'last' }]);
  });

  test('sends no other statement either', async () => {
    const { tx } = await db.transaction(async (ended) => ({ tx: ended }));
    const error = await rejectionOf(tx.update(users).set({ name: 'late' }));
    expect(error.cause).toMatchObject({ code: 'TRANSACTION_ENDED' });
  });
});

describe('what a callback throws is what its transaction rejects with, and it is rolled back', () => {
  const thrown: [what: string, value: unknown][] = [
    ['an object without a prototype', Object.create(null)],
    [
      'a text that throws',
      {
        toString: () => {
          throw new Error('no text');
        },
      },
    ],
    ['nothing', undefined],
    [
      'an error whose code throws',
      Object.defineProperty(new Error('given up'), 'code', {
        get: () => {
          throw new Error('no code');
        },
      }),
    ],
  ];
  const reasonOf = (running: Promise<unknown>): Promise<unknown> =>
    running.then(
      () => 'resolved',
      (reason) => ({ reason }),
    );
  test.each(thrown)('%s', async (_, value) => {
    const running = db.transaction(async (tx) => {
      await tx.insert(users).values({ name: 'a' });
      tx.insert(users).values({ name: 'b' });
      throw value;
    });
    const outcome = (await reasonOf(running)) as { reason: unknown };
    expect(Object.is(outcome.reason, value)).toBe(true);
    expect(await check.$count(users)).toBe(0);
  });

  test.each(thrown)('%s, in a nested one', async (_, value) => {
    const outcome = await db.transaction(async (tx) => {
      const nested = tx.transaction(async (inner) => {
        await inner.insert(users).values({ name: 'a' });
        throw value;
      });
      const heard = (await reasonOf(nested)) as { reason: unknown };
      await tx.insert(users).values({ name: 'b' });
      return heard;
    });
    expect(Object.is(outcome.reason, value)).toBe(true);
    expect(await check.select({ name: users.name }).from(users)).toEqual([{ name: 'b' }]);
  });
});

test("the number of a nested transaction is drizzle's", async () => {
  const numbers = (of: PostgresJsDatabase): Promise<unknown> =>
    of.transaction((tx) =>
      tx.transaction((inner) =>
        inner.transaction(async (innermost) =>
          [tx, inner, innermost].map((each) => Reflect.get(each, 'nestedIndex')),
        ),
      ),
    );
  expect(await numbers(db)).toEqual(await numbers(plain));
});

test('an insert that is executed and that nobody hears is reported by Node, as in drizzle', async () => {
  await check.insert(users).values({ name: 'taken' });
  for (const of of [plain, db]) {
    const reasons = await unhandledDuring(async () => {
      void of.insert(users).values({ name: 'taken' }).execute();
      await of.insert(logs).values({ level: 'info', message: 'behind' });
    });
    expect(reasons).toMatchObject([{ cause: { code: '23505' } }]);
  }
});

test('an executed insert that is dropped with its transaction is not reported', async () => {
  const unhandled = await unhandledDuring(() =>
    rejectionOf(
      db.transaction(async (tx) => {
        void tx.insert(users).values({ name: 'a' }).execute();
        throw new Error('given up');
      }),
    ),
  );
  expect(unhandled).toEqual([]);
});

describe('a raw commit in a transaction', () => {
  test.each(['commit', 'rollback'])('is its end, if it is the last statement: %s', async (end) => {
    const work = async (tx: Transaction): Promise<string> => {
      await tx.insert(logs).values({ level: 'info', message: 'a' });
      await tx.execute(sql.raw(end));
      return 'done';
    };
    expect(await db.transaction(work as never)).toBe(await plain.transaction(work));
    expect(await check.$count(logs)).toBe(end === 'commit' ? 2 : 0);
  });

  test.runIf(driver.endsAtRawCommit)(
    'ends it: nothing more is sent, and what was written before stands',
    async () => {
      const error = await rejectionOf(
        db.transaction(async (tx) => {
          await tx.insert(users).values({ name: 'before' });
          await tx.execute('commit');
          tx.insert(users).values({ name: 'behind' });
        }),
      );
      expect(error).toMatchObject({ code: 'TRANSACTION_ENDED' });
      const rows = await check.select().from(users);
      expect(rows.map(({ name }) => name)).toEqual(['before']);
    },
  );

  test.runIf(driver.endsAtRawCommit)("lets no statement stray into somebody else's transaction", async () => {
    let other: Promise<unknown> | undefined;
    await rejectionOf(
      db.transaction(async (tx) => {
        await tx.execute('commit');
        // On the only connection of the pool, which is free now.
        other = rejectionOf(
          db.transaction(async (theirs) => {
            await theirs.insert(users).values({ name: 'theirs' });
            await rejectionOf(tx.insert(users).values({ name: 'stray' }));
            theirs.rollback();
          }),
        );
        await other;
      }),
    );
    expect(await other).toBeInstanceOf(TransactionRollbackError);
    expect(await check.$count(users)).toBe(0);
  });
});

test('many transactions on one connection wait for one another', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, number) =>
      db.transaction(async (tx) => {
        await tx.insert(users).values({ name: `${number}` });
        tx.insert(logs).values({ level: 'info', message: `${await tx.$count(users)}` });
      }),
    ),
  );
  expect(await check.$count(users)).toBe(20);
  const rows = await check.select().from(logs);
  expect(rows.map(({ message }) => Number(message))).toEqual(
    Array.from({ length: 20 }, (_, number) => number + 1),
  );
});

test('a nested transaction that begins with a statement has its savepoint before it', async () => {
  for (let attempt = 0; attempt < 3; attempt++) {
    const failing = db.transaction((tx) => tx.transaction((nested) => nested.execute(sql`select 1 / 0`)));
    await expect(failing).rejects.toMatchObject({ cause: { code: '22012' } });
  }
  await db.transaction(async (tx) => {
    const nested = tx.transaction((inner) => inner.execute(sql`select 1 / 0`));
    await expect(nested).rejects.toMatchObject({ cause: { code: '22012' } });
    await tx.insert(users).values({ name: 'after' });
  });
  expect(await check.$count(users)).toBe(1);
});

test('the rows of a nested transaction leave with its BEGIN, also if a rule refuses that they are guarded', async () => {
  const ruled = pgTable('ruled', { n: integer('n') });
  await check.execute('create table ruled (n int)');
  await check.execute('create table kept (n int)');
  await check.execute(
    'create rule elsewhere as on insert to ruled do instead insert into kept values (new.n)',
  );
  await db.transaction(async (tx) => {
    await tx.transaction(async (nested) => {
      nested.insert(ruled).values({ n: 1 });
      nested.insert(ruled).values({ n: 2 });
    });
    tx.insert(ruled).values({ n: 3 });
  });
  expect(rowsOf(await check.execute('select n from kept order by n'))).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
});

test('rows that are flushed before they are awaited are written also if a rule returns nothing', async () => {
  const ruled = pgTable('ruled', { id: serial(), n: integer() });
  await check.execute('drop table if exists ruled, kept cascade');
  await check.execute('create table ruled (id serial, n int); create table kept (n int)');
  await check.execute(
    'create rule elsewhere as on insert to ruled do instead insert into kept values (new.n)',
  );
  for (const count of [1, manyEntries]) {
    await check.execute('truncate kept');
    await db.transaction(async (tx) => {
      for (let n = 1; n <= count; n++) tx.insert(ruled).values({ n });
      await tx.flush();
    });
    expect(rowsOf(await check.execute('select count(*)::int as rows from kept'))).toEqual([{ rows: count }]);
  }
});
