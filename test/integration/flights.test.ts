import { sql } from 'drizzle-orm';
import { integer, pgTable, serial } from 'drizzle-orm/pg-core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedTransaction } from '../../src/index.ts';
import { mostOwnEntries, mostOwnRows } from '../../src/plan/shares-little.ts';
import { times } from '../support/copies.ts';
import { type Counted, emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle, errorOf, rowsOf } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf } from '../support/process-events.ts';
import { addresses, logs, organizations, teams, users, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/** The foreign key is deferred, so the user need not exist before COMMIT. */
const pledges = pgTable('pledges', { id: serial('id').primaryKey(), userId: integer('user_id') });

const check = drizzle(database.client());
let warm: Counted;

beforeAll(async () => {
  warm = await startCounted(database);
  await check.execute(
    'create table pledges (id serial primary key, user_id int references users deferrable initially deferred)',
  );
});
beforeEach(() => check.execute(emptyTables()));

type Transaction = BatchedTransaction<Record<string, never>, Record<string, never>>;

function insertsInto(table: string, statements: readonly string[]): string[] {
  return statements.filter((text) => text.includes(`insert into "${table}"`));
}

describe('a promise is settled once the fate of a transaction that the library opened is known', () => {
  test.each([
    ['one row', [{ userId: 999 }]],
    ['several rows', [{ userId: 999 }, { userId: 998 }]],
  ])('and rejects where COMMIT is refused: %s', async (_, rows) => {
    const error = await rejectionOf(warm.db.insert(pledges).values(rows).returning());
    expect(error.cause).toMatchObject(errorOf({ code: '23503', table_name: 'pledges' }));
    expect(await check.$count(pledges)).toBe(0);
  });

  test('and not before COMMIT is answered', async () => {
    const order: string[] = [];
    const first = warm.db.insert(users).values({ name: 'a' }).returning();
    const second = warm.db.insert(logs).values({ level: 'info', message: 'b' });
    const seen = async (insert: PromiseLike<unknown>): Promise<void> => {
      await insert;
      // Another connection sees only committed rows.
      order.push(`${await check.$count(users)} ${await check.$count(logs)}`);
    };
    await Promise.all([seen(first), seen(second)]);
    expect(order).toEqual(['1 1', '1 1']);
  });
});

describe('more than one INSERT per table is sent only where one cannot say it:', () => {
  /** So many entries of a table that they share statements. */
  const notes = times(manyEntries, (number) => `note ${number}`);

  const work: [string, number, (tx: Transaction) => void][] = [
    [
      'rows that are alike take one',
      1,
      (tx) => {
        for (const note of notes) tx.insert(wide).values({ note });
        tx.insert(wide)
          .values([{ note: 'b' }, { note: null }])
          .returning();
        tx.insert(wide).values({ note: 'c' }).returning({ key: wide.id });
      },
    ],
    [
      'rows with and without a key of their own take one',
      1,
      (tx) => {
        for (const note of notes) tx.insert(wide).values({ note }).returning();
        tx.insert(wide).values({ id: 500, note: 'b' });
      },
    ],
    [
      'rows that differ in which columns take the DEFAULT take one for each kind',
      2,
      (tx) => {
        for (const note of notes) tx.insert(wide).values({ note });
        for (const title of notes) tx.insert(wide).values({ title });
      },
    ],
    [
      'rows with a conflict clause go by themselves',
      2,
      (tx) => {
        for (const note of notes) tx.insert(wide).values({ note });
        tx.insert(wide)
          .values([{ note: 'c' }, { note: 'd' }])
          .onConflictDoNothing({ target: wide.id });
      },
    ],
    [
      'rows with sql values go by themselves',
      2,
      (tx) => {
        for (const note of notes) tx.insert(wide).values({ note });
        tx.insert(wide).values([{ note: sql`upper('c')` }, { note: 'd' }]);
      },
    ],
  ];

  test.each(work)('%s', async (_, expected, queue) => {
    const { statements, trips } = await warm.count(() =>
      warm.db.transaction(async (tx) => queue(tx as never)),
    );
    expect(insertsInto('wide', statements)).toHaveLength(expected);
    // The first flush that writes to a table also queries its facts.
    expect(trips).toBeLessThanOrEqual(2);
  });

  test('each of entries that leave out other columns than their neighbours, in the order of the calls', async () => {
    const { statements, trips } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        for (const note of notes) {
          tx.insert(wide).values({ note });
          tx.insert(wide).values({ title: note });
        }
      }),
    );
    expect(insertsInto('wide', statements)).toHaveLength(2 * notes.length);
    expect(trips).toBeLessThanOrEqual(2);
    const rows = await check.select().from(wide).orderBy(wide.id);
    expect(rows.map(({ note, title }) => note ?? title)).toEqual(notes.flatMap((note) => [note, note]));
  });

  test('each of few entries, which cost less so', async () => {
    const countInserts = async (count: number) => {
      const { statements, trips } = await warm.count(() =>
        warm.db.transaction(async (tx) => {
          for (const note of notes.slice(0, count)) tx.insert(wide).values({ note });
        }),
      );
      expect(trips).toBe(1);
      return insertsInto('wide', statements).length;
    };
    expect(await countInserts(mostOwnEntries)).toBe(mostOwnEntries);
    expect(await countInserts(mostOwnEntries + 1)).toBe(1);
  });

  test('each of a few entries more if they are of several tables, and of a few rows', async () => {
    const { statements } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        for (const note of notes.slice(0, mostOwnEntries)) tx.insert(wide).values({ note });
        tx.insert(logs).values(times(mostOwnRows, (row) => ({ level: 'info', message: `${row}` })));
      }),
    );
    expect(insertsInto('wide', statements)).toHaveLength(mostOwnEntries);
    expect(insertsInto('logs', statements)).toHaveLength(1);
  });

  test('overridingSystemValue goes by itself', async () => {
    const { statements } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        for (const email of notes) tx.insert(addresses).values({ email }).returning();
        tx.insert(addresses)
          .overridingSystemValue()
          .values({ id: 500, email: 'c' } as never);
      }),
    );
    expect(insertsInto('addresses', statements)).toHaveLength(2);
    expect(await check.$count(addresses)).toBe(notes.length + 1);
  });

  test('a batch over the size limits takes as many as it needs', async () => {
    const { db, count } = await startCounted(database, { batch: { maxRows: 4 } });
    const { statements, trips } = await count(() =>
      db.transaction(async (tx) => {
        tx.insert(logs).values(
          Array.from({ length: 10 }, (_, row) => ({ level: 'info', message: `${row}` })),
        );
      }),
    );
    expect(insertsInto('logs', statements)).toHaveLength(3);
    expect(trips).toBe(1);
  });
});

describe('a flight', () => {
  /** The text and the parameters of each statement of a flight. */
  async function flightOf(queue: (tx: Transaction) => void): Promise<[text: string, params: unknown[]][]> {
    const sent: [string, unknown[]][] = [];
    const logger = { logQuery: (text: string, params: unknown[]) => void sent.push([text, params]) };
    const db = batchedDrizzle(warm.client, { logger });
    await db.transaction(async (tx) => queue(tx as never));
    return sent;
  }

  function graph(tx: Transaction): void {
    const organization = tx.insert(organizations).values([{ name: 'a' }, { name: 'b' }]);
    tx.insert(teams).values({ name: 'c', organizationId: organization.ref('id', 1) });
    tx.insert(logs).values({ level: 'info', message: 'd' });
  }

  /** The same of each table as often as it takes to share statements. */
  function largeGraph(tx: Transaction): void {
    for (let times = 0; times < manyEntries; times++) graph(tx);
  }

  /** @param mark what travels in the message of BEGIN, which the logger does not see */
  async function expectNothingOutsideItsTransaction(
    queue: typeof graph,
    refusal: RegExp,
    mark = '',
  ): Promise<void> {
    const sent = await flightOf(queue);
    const inserts = sent.filter(([text]) => text.includes('insert into'));
    expect(inserts).toHaveLength(3);
    await check.execute(emptyTables());
    const stray = database.connect({ max: 1 });
    for (const [text, params] of inserts) await rejectionOf(stray.unsafe(text, params as never));
    // Nothing is written either if the key query, or the mark, also runs outside its transaction.
    await stray.unsafe(mark);
    for (const [text, params] of sent)
      await stray.unsafe(text, params as never).catch((error) => expect(error.message).toMatch(refusal));
    const counts = await Promise.all([organizations, teams, logs].map((table) => check.$count(table)));
    expect(counts).toEqual([0, 0, 0]);
  }

  test.runIf(driver.guard.isMarked)(
    'whose BEGIN did not hold writes nothing: each INSERT is guarded by the token of its transaction',
    () => expectNothingOutsideItsTransaction(largeGraph, /transaction/),
  );

  test.runIf(driver.guard.isMarked)(
    'of few entries whose BEGIN did not hold writes nothing: each INSERT is guarded by a mark',
    () =>
      expectNothingOutsideItsTransaction(
        graph,
        /invalid input syntax for type integer: ""|a row was not written/,
        driver.guard.begin.replace('begin; ', ''),
      ),
  );

  test('has a token of its own', async () => {
    const tokens = [...(await flightOf(largeGraph)), ...(await flightOf(largeGraph))].flatMap(
      ([text]) => text.match(/'[\da-f]{16}\.\d+'/g) ?? [],
    );
    expect(tokens).toHaveLength(8);
    expect(new Set(tokens).size).toBe(2);
  });

  test('prepares no named statement, and copies nothing', async () => {
    const { statements } = await warm.count(() =>
      warm.db.transaction(async (tx) => {
        graph(tx as never);
        await tx.insert(users).values({ name: 'alone' });
        // postgres.js itself prepares a statement, for the array types.
        const left = rowsOf(
          await tx.execute<{ statement: string }>(
            sql`select statement from pg_prepared_statements where statement not like '%typcategory%'`,
          ),
        );
        expect(left).toEqual([]);
      }),
    );
    expect(statements.filter((text) => /^\s*copy/i.test(text))).toEqual([]);
  });
});

describe('the callback of a transaction', () => {
  const senders = Object.entries(driver.senders);
  test.each(senders)('starts on a cold connection %s, which ends when it is told to', async (_, own) => {
    const client = database.client({ max: 1, own });
    await batchedDrizzle(client).transaction(async (tx) => {
      tx.insert(users).values({ name: 'a' });
    });
    await driver.end(client);
    expect(await check.$count(users)).toBe(1);
  });

  test('is not begun where no server takes BEGIN, and transaction() rejects as in drizzle', async () => {
    const begun: string[] = [];
    const refusedBy = async (make: (client: Client) => PostgresJsDatabase): Promise<unknown> => {
      const db = make(database.client({ url: 'postgres://postgres:x@127.0.0.1:1/postgres' }));
      return (await rejectionOf(db.transaction(async () => void begun.push('begun')))).code;
    };
    expect(await refusedBy((client) => drizzle(client))).toBe('ECONNREFUSED');
    expect(await refusedBy((client) => batchedDrizzle(client))).toBe('ECONNREFUSED');
    expect(begun).toEqual([]);
  });

  test('waits for BEGIN where the connection was busy, so that it starts no sooner than in drizzle', async () => {
    const orderOn = async (client: Client, db: PostgresJsDatabase): Promise<string[]> => {
      const order: string[] = [];
      await driver.query(client, 'select 1');
      await Promise.all([
        driver.query(client, 'select pg_sleep(0.1)').then(() => order.push('the busy one is answered')),
        db.transaction(async () => void order.push('the callback starts')),
      ]);
      return order;
    };
    const clients = [database.client({ max: 1 }), database.client({ max: 1 })] as const;
    const plain = await orderOn(clients[0], drizzle(clients[0]));
    expect(plain).toEqual(['the busy one is answered', 'the callback starts']);
    expect(await orderOn(clients[1], batchedDrizzle(clients[1]))).toEqual(plain);
  });
});

describe('a statement that can not be written keeps all of its flight from being written', () => {
  const rows = [{ name: 'one' }, { name: 'two' }];
  const unfit = { isOld: sql`${driver.unwritable} < now()` };

  test('in a transaction', async () => {
    const error = await rejectionOf(
      warm.db.transaction(async (tx) => {
        tx.insert(organizations).values(rows);
        tx.insert(users).values(rows).returning(unfit);
      }),
    );
    expect(error).toBeInstanceOf(TypeError);
    expect([await check.$count(organizations), await check.$count(users)]).toEqual([0, 0]);
  });

  test('and of the database, where it is the only one that is not', async () => {
    const results = await Promise.allSettled([
      warm.db.insert(organizations).values(rows),
      warm.db.insert(users).values(rows).returning(unfit),
      warm.db.insert(users).values({ name: 'three' }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([await check.$count(organizations), await check.$count(users)]).toEqual([2, 1]);
  });
});
