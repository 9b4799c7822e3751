import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import { eq, type Logger, sql } from 'drizzle-orm';
import { Cache } from 'drizzle-orm/cache/core';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase, FlushMessage, FlushReport, TableReport } from '../../src/index.ts';
import { FlushError } from '../../src/settle/flush-error.ts';
import { emptyTables, startCounted } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { failedFlush, scopes } from '../support/failed-flush.ts';
import { manyEntries } from '../support/many-entries.ts';
import { rejectionOf, warningsDuring } from '../support/process-events.ts';
import { runScript } from '../support/run-script.ts';
import { addresses, counters, logs, nodes, users, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());

beforeEach(() => check.execute(emptyTables()));

function log(message: string): { level: string; message: string } {
  return { level: 'info', message };
}

/** The statements that no report counts and drizzle does not log. The mark of the guards travels in the message of BEGIN. */
const frame = /^(begin(; set local batched_drizzle.t = '1')?|commit|rollback)$/;

describe("drizzle's logger", () => {
  test('sees every statement but BEGIN, COMMIT and savepoints, as in drizzle', async () => {
    const unseen = async (make: (client: Client, config: { logger: Logger }) => PostgresJsDatabase) => {
      await check.execute(emptyTables());
      const relay = await database.relay({ delay: 2 });
      const seen: string[] = [];
      const logger = { logQuery: (query: string) => void seen.push(query) };
      const db = make(database.client({ url: relay.url, max: 1 }), { logger });
      await db.insert(users).values({ name: 'alone' });
      await Promise.all(['a', 'b'].map((name) => db.insert(users).values({ name }).onConflictDoNothing()));
      await Promise.allSettled(['a', 'c', 'd'].map((name) => db.insert(users).values({ name }).execute()));
      await db.transaction(async (tx) => {
        await tx
          .insert(users)
          .values([{ name: 'e' }, { name: sql`'f'` }])
          .returning();
        await tx.transaction(async (nested) => {
          await nested.insert(logs).values([log('a'), log('b')]);
        });
        await tx.update(users).set({ name: 'g' }).where(eq(users.name, 'e'));
        await tx.select().from(users);
      });
      const sent = relay.statements.map((statement) => statement.trim());
      const take = (statement: string): boolean => {
        const place = sent.indexOf(statement.trim());
        if (place >= 0) sent.splice(place, 1);
        return place >= 0;
      };
      for (const statement of seen) expect(take(statement), `sent: ${statement}`).toBe(true);
      expect(await check.$count(users)).toBe(7);
      return new Set(sent.map((statement) => statement.replace(/[; ].*/s, '')));
    };
    expect(await unseen((client, config) => drizzle(client, config))).toEqual(new Set(driver.unlogged));
    const frames = await unseen((client, config) => batchedDrizzle(client, config));
    // The program has not begun the transaction of a batch. If an insert of it fails, some are rolled back.
    const ends = ['begin', 'commit', 'rollback'];
    expect(new Set([...frames, ...ends])).toEqual(new Set([...driver.unlogged, ...ends]));
  });

  test('sees every statement, with its parameters', async () => {
    const relay = await database.relay();
    const emails = Array.from({ length: manyEntries }, (_, n) => `${n}`);
    const seen: string[] = [];
    const given: unknown[][] = [];
    const logger = {
      logQuery: (query: string, params: unknown[]) => {
        seen.push(query);
        given.push(params);
      },
    };
    const db = batchedDrizzle(database.client({ url: relay.url, max: 1 }), { logger });
    await db.insert(users).values({ name: 'alone' });
    await db.transaction(async (tx) => {
      const user = tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
      tx.insert(addresses).values(['x', 'y'].map((email) => ({ email, userId: user.ref('id') })));
      await tx.select().from(users);
    });
    await db.transaction(async (tx) => {
      const user = tx.insert(users).values([{ name: 'c' }, { name: 'd' }]);
      // So many entries that they share a statement.
      for (const email of emails) tx.insert(addresses).values({ email, userId: user.ref('id') });
      await tx.select().from(users);
    });
    const sent = relay.statements.map((statement) => statement.trim());
    // Where drizzle executes BEGIN and COMMIT it logs them, too.
    const own = sent.filter((statement) => !(driver.unlogged.includes('begin') && frame.test(statement)));
    expect(seen.map((statement) => statement.trim())).toEqual(own);
    expect(given.flat().map(String)).toEqual(
      expect.arrayContaining(['alone', 'a', 'b', 'x', 'y', '{c,d}', `{${emails.join(',')}}`]),
    );
  });

  test('sees the parameters of an insert as in drizzle, and not the texts that are sent', async () => {
    const seen: unknown[][][] = [];
    for (const make of [drizzle, batchedDrizzle]) {
      await check.execute(emptyTables());
      const given: unknown[][] = [];
      const logger = { logQuery: (_: string, params: unknown[]) => void given.push(params) };
      const db = make(database.client({ max: 1 }), { logger });
      const row = { whole: 1, precise: 1.5, flag: true, huge: 5n, moment: new Date(0), document: { a: 1 } };
      await db.insert(wide).values({ ...row, note: sql`repeat('x', ${2})` });
      await db.transaction(async (tx) => {
        await tx.insert(users).values({ id: 7, name: 'a' }).returning();
        await tx.insert(wide).values([row, { ...row, labels: ['a', 'b'] }]);
      });
      seen.push(given);
    }
    expect(seen[0]?.flat()).toEqual(expect.arrayContaining([1, 1.5, true, 5n, 2, 7]));
    expect(seen[1]).toEqual(seen[0]);
  });

  test('that throws rejects its caller, and nothing hangs', async () => {
    const logger = {
      logQuery: () => {
        throw new Error('no log');
      },
    };
    const db = batchedDrizzle(database.client(), { logger });
    const error = await rejectionOf(db.insert(users).values({ name: 'a' }));
    expect(`${error.message} ${error.cause}`).toContain('no log');
    const failed = await rejectionOf(
      db.transaction(async (tx) => {
        tx.insert(users).values({ name: 'a' });
      }),
    );
    expect(`${failed.message} ${failed.cause}`).toContain('no log');
    expect(await check.$count(users)).toBe(0);
  });
});

describe("drizzle's cache", () => {
  class Recorder extends Cache {
    readonly mutated: unknown[] = [];
    readonly asked: string[] = [];
    failure: Error | undefined;

    constructor(readonly kind: 'explicit' | 'all' = 'explicit') {
      super();
    }
    strategy(): 'explicit' | 'all' {
      return this.kind;
    }
    async get(key: string): Promise<undefined> {
      this.asked.push(key);
    }
    async put(): Promise<void> {}
    async onMutate({ tables }: { tables?: unknown }): Promise<void> {
      this.mutated.push(tables);
      if (this.failure) throw this.failure;
    }
  }

  test('gets onMutate once an insert, as in drizzle, and is not asked about the key query', async () => {
    const work = async (cache: Recorder, db: PostgresJsDatabase): Promise<unknown[]> => {
      await check.execute(emptyTables());
      await Promise.all([
        db
          .insert(users)
          .values([{ name: 'a' }, { name: 'b' }])
          .returning(),
        db.insert(users).values({ name: 'c' }),
        db
          .insert(counters)
          .values([{ value: 'a' }, { value: 'b' }])
          .returning(),
        db.insert(addresses).values({ email: 'x' }).returning(),
      ]);
      await db.transaction(async (tx) => {
        await tx.insert(logs).values(log('a'));
      });
      return cache.mutated.map(String).toSorted();
    };
    for (const kind of ['explicit', 'all'] as const) {
      const [plain, batched] = [new Recorder(kind), new Recorder(kind)];
      const expected = await work(plain, drizzle(database.client({ max: 1 }), { cache: plain }));
      expect(await work(batched, batchedDrizzle(database.client(), { cache: batched }))).toEqual(expected);
      expect(batched.asked).toEqual([]);
    }
  });

  test('that fails rejects the insert, as in drizzle', async () => {
    const reject = async (
      make: (cache: Recorder) => PostgresJsDatabase,
      message: string,
    ): Promise<unknown> => {
      const cache = new Recorder();
      cache.failure = new Error('cache is down');
      const error = await rejectionOf(make(cache).insert(logs).values(log(message)));
      await expect.poll(() => check.$count(logs, eq(logs.message, message))).toBe(1);
      return (error.cause as Error).message;
    };
    expect(await reject((cache) => drizzle(database.client(), { cache }), 'plain')).toBe('cache is down');
    expect(await reject((cache) => batchedDrizzle(database.client(), { cache }), 'batched')).toBe(
      'cache is down',
    );
  });

  test('is had by $cache.invalidate(), as in drizzle', async () => {
    const cache = new Recorder();
    const db = batchedDrizzle(database.client(), { cache });
    await db.$cache?.invalidate({ tables: ['users'] });
    expect(cache.mutated).toEqual([['users']]);
  });
});

/** The messages of the channel while `work` runs. */
async function messagesDuring(work: () => Promise<unknown>): Promise<FlushMessage[]> {
  const messages: FlushMessage[] = [];
  const listen = (message: unknown): void => void messages.push(message as FlushMessage);
  subscribe('batched-drizzle:flush', listen);
  try {
    await work();
    // Callers may get their results before the channel gets the message of the flush.
    await turn();
  } finally {
    unsubscribe('batched-drizzle:flush', listen);
  }
  return messages;
}

function reportsOf(messages: readonly FlushMessage[]): FlushReport[] {
  return messages.flatMap((message) => (message.event === 'start' ? [] : [message.report]));
}

describe('the report of a flush', () => {
  const names = (...given: string[]) => given.map((name) => ({ name }));
  const queueGraph = (db: Pick<BatchedDatabase, 'insert'>): void => {
    const parents = db.insert(users).values(names('a', 'b', 'c'));
    for (const row of [0, 1, 2]) db.insert(addresses).values({ email: 'x', userId: parents.ref('id', row) });
    db.insert(logs).values(log('a'));
  };
  const graph = [
    { table: '"users"', rows: 3, keys: 3, statements: 1 },
    { table: '"addresses"', rows: 3, keys: 0, statements: 1 },
    { table: '"logs"', rows: 1, keys: 0, statements: 1 },
  ];
  const flushGraph = async (db: BatchedDatabase): Promise<unknown> => {
    queueGraph(db);
    return db.flush();
  };
  const ownGraph = [
    { table: '"users"', rows: 3, keys: 0, statements: 1 },
    { table: '"addresses"', rows: 3, keys: 0, statements: 3 },
    { table: '"logs"', rows: 1, keys: 0, statements: 1 },
  ];
  type Options = Parameters<typeof startCounted>[1];

  const cases: [name: string, Options, (db: BatchedDatabase) => Promise<unknown>, TableReport[]][] = [
    [
      'of one row',
      {},
      (db) => db.insert(users).values({ name: 'a' }).execute(),
      [{ table: '"users"', rows: 1, keys: 0, statements: 1 }],
    ],
    ['of a graph', {}, flushGraph, graph],
    ['of tables not seen before', { knowing: false }, flushGraph, graph],
    ['of keys that the client fetches', { batch: { keys: 'client' } }, flushGraph, graph],
    ['of parameters that are described', { batch: { parameters: 'describe' } }, flushGraph, graph],
    ['of a whole transaction', {}, (db) => db.transaction(async (tx) => queueGraph(tx)), ownGraph],
    [
      'of a whole transaction whose inserts share statements',
      {},
      (db) =>
        db.transaction(async (tx) => {
          queueGraph(tx);
          for (let n = 0; n < manyEntries; n++) tx.insert(logs).values(log(`${n}`));
        }),
      [...graph.slice(0, 2), { table: '"logs"', rows: manyEntries + 1, keys: 0, statements: 1 }],
    ],
    [
      'of a whole transaction whose parameters are described',
      { batch: { parameters: 'describe' } },
      (db) => db.transaction(async (tx) => queueGraph(tx)),
      driver.describes ? graph : ownGraph,
    ],
    [
      'of rows over the limit',
      { batch: { maxRows: 2 } },
      (db) => db.transaction(async (tx) => queueGraph(tx)),
      [
        { table: '"users"', rows: 3, keys: 3, statements: 2 },
        { table: '"addresses"', rows: 3, keys: 3, statements: 2 },
        { table: '"logs"', rows: 1, keys: 0, statements: 1 },
      ],
    ],
    [
      'of rows that a conflict skips',
      {},
      async (db) => {
        await check.insert(users).values({ name: 'a' });
        await db
          .insert(users)
          .values(names('a', 'b', 'b'))
          .onConflictDoNothing();
      },
      [{ table: '"users"', rows: 3, keys: 0, statements: 1 }],
    ],
    [
      'of rows among which one fails',
      {},
      async (db) => {
        await check.insert(users).values({ name: 'taken' });
        await Promise.allSettled(
          names('a', 'taken', 'b', 'c').map((row) => db.insert(users).values(row).returning().execute()),
        );
      },
      [{ table: '"users"', rows: 3, keys: 4, statements: 3 }],
    ],
    [
      'of rows among which one fails at COMMIT',
      {},
      async (db) => {
        await check.execute(
          sql`alter table nodes add constraint late unique (label) deferrable initially deferred`,
        );
        await check.insert(nodes).values({ label: 'taken' });
        await Promise.allSettled(
          ['a', 'taken', 'b'].map((label) => db.insert(nodes).values({ label }).returning().execute()),
        );
        await check.execute(sql`alter table nodes drop constraint late`);
      },
      [{ table: '"nodes"', rows: 2, keys: 0, statements: 2 }],
    ],
  ];

  test.each(cases)('%s tells what was sent, in all and by table', async (_, options, work, tables) => {
    const { db, count } = await startCounted(database, options);
    await check.execute(emptyTables());
    const { trips, statements, result } = await count(() => messagesDuring(() => work(db)));
    const [report, ...others] = reportsOf(result);
    expect(others).toEqual([]);
    const sent = statements.filter((statement) => !frame.test(statement));
    const sum = (key: 'rows' | 'keys') => tables.reduce((all, table) => all + table[key], 0);
    expect(report).toEqual({
      rows: sum('rows'),
      keys: sum('keys'),
      statements: sent.length,
      roundTrips: trips,
      ms: expect.any(Number),
      tables,
    });
  });
});

describe('the channel batched-drizzle:flush', () => {
  test('tells of a flush of the database: what it takes, and its report', async () => {
    const db = batchedDrizzle(database.client());
    let report: FlushReport | undefined;
    const [start, end, ...others] = await messagesDuring(async () => {
      db.insert(users).values([{ name: 'a' }, { name: 'b' }]);
      db.insert(counters).values({ value: 'x' });
      report = await db.flush();
    });
    expect(start).toEqual({
      event: 'start',
      id: expect.any(Number),
      where: 'database',
      rows: 3,
      tables: ['"users"', '"app data"."we""ird"'],
    });
    expect(end).toEqual({ event: 'end', id: start?.id, where: 'database', report });
    expect(others).toEqual([]);
  });

  test('tells of each flush of a transaction, and joins its messages by an id', async () => {
    const db = batchedDrizzle(database.client());
    const messages = await messagesDuring(() =>
      Promise.all([
        db.transaction(async (tx) => {
          await tx.insert(users).values({ name: 'a' });
          tx.insert(logs).values(log('a'));
        }),
        db.insert(logs).values([log('b'), log('c')]),
      ]),
    );
    const starts = messages.filter((message) => message.event === 'start');
    const ends = messages.filter((message) => message.event === 'end');
    expect(messages.length).toBe(6);
    expect(new Set(starts.map(({ id }) => id)).size).toBe(3);
    for (const { id, where } of starts) {
      const flush = messages.filter((message) => message.id === id);
      expect(flush.map((message) => [message.event, message.where])).toEqual([
        ['start', where],
        ['end', where],
      ]);
    }
    expect(starts.map(({ where, rows }) => [where, rows]).toSorted()).toEqual(
      [
        ['database', 2],
        ['transaction', 1],
        ['transaction', 1],
      ].toSorted(),
    );
    expect(ends.map(({ report }) => report.rows).toSorted()).toEqual([1, 1, 2]);
  });

  test.each(scopes)(
    'tells of a flush of a %s that fails: codes, tables, counts and the report, never values',
    async (where) => {
      const db = batchedDrizzle(database.client());
      await check.insert(users).values({ name: 'secret' });
      let error: unknown;
      const messages = await messagesDuring(async () => {
        error = await failedFlush(db, where);
      });
      expect(error).toBeInstanceOf(FlushError);
      const { failures } = error as FlushError;
      const [start, failed, ...others] = messages;
      expect(failed).toEqual({
        event: 'error',
        id: start?.id,
        where,
        code: 'FLUSH_FAILED',
        failures,
        report: expect.objectContaining({
          rows: where === 'database' ? 2 : 0,
          statements: expect.any(Number),
        }),
      });
      expect(failures).toContainEqual({ table: '"users"', rows: 2, code: '23505' });
      expect(others).toEqual([]);
      expect(JSON.stringify(messages)).not.toContain('secret');
    },
  );

  test('tells of a COMMIT that is refused, with its code', async () => {
    const db = batchedDrizzle(database.client());
    await check.execute(
      sql`alter table nodes add constraint late unique (label) deferrable initially deferred`,
    );
    await check.insert(nodes).values({ label: 'taken' });
    const messages = await messagesDuring(async () => {
      await rejectionOf(
        db.transaction(async (tx) => {
          tx.insert(nodes).values({ label: 'taken' });
        }),
      );
    });
    await check.execute(sql`alter table nodes drop constraint late`);
    expect(messages.map(({ event }) => event)).toEqual(['start', 'error']);
    expect(messages[1]).toMatchObject({ code: '23505', failures: [], report: { rows: 0 } });
  });

  test('tells nothing of a flush that has nothing to write', async () => {
    const db = batchedDrizzle(database.client());
    const messages = await messagesDuring(async () => {
      await db.flush();
      await db.transaction(async (tx) => {
        await tx.flush();
      });
    });
    expect(messages).toEqual([]);
  });

  test('tells nothing of a flush that began with nobody listening', async () => {
    const db = batchedDrizzle(database.client());
    db.insert(logs).values(log('a'));
    const flushed = db.flush();
    expect(await messagesDuring(() => flushed)).toEqual([]);
  });

  test('disturbs no flush where a subscriber throws; the process hears of it as of any uncaught error', async () => {
    const { stdout } = await runScript(`
      import { subscribe } from 'node:diagnostics_channel';
      const uncaught = [];
      process.on('uncaughtException', ({ message }) => uncaught.push(message));
      subscribe('batched-drizzle:flush', ({ event }) => { throw new Error(event); });
      const client = postgres(${JSON.stringify(database.url)});
      const db = batchedDrizzle(client);
      const rows = await db.insert(schema.users).values([{ name: 'a' }, { name: 'b' }]).returning();
      await client.end();
      console.log(JSON.stringify([rows.length, uncaught]));`);
    expect(JSON.parse(stdout)).toEqual([2, ['start', 'end']]);
    expect(await check.$count(users)).toBe(2);
  });
});

describe('a warning', () => {
  test('tells of an insert that was described and not awaited, at an explicit flush of its transaction', async () => {
    const db = batchedDrizzle(database.client());
    const warnings = await warningsDuring(() =>
      db.transaction(async (tx) => {
        tx.insert(users)
          .values([{ name: 'secret' }, { name: 'b' }])
          .toSQL();
        await tx.flush();
        await tx.flush();
      }),
    );
    expect(warnings.map(({ name, code }) => [name, code])).toEqual([
      ['BatchedDrizzleWarning', 'BATCHED_DRIZZLE_DESCRIBED'],
    ]);
    expect(warnings[0]?.message).toContain('2 rows into "users"');
    expect(warnings[0]?.message).not.toContain('secret');
  });

  test('tells of rows that a process leaves in the queue, and of none that it has flushed', async () => {
    const program = (last: string) => `
      const client = postgres(${JSON.stringify(database.url)});
      const db = batchedDrizzle(client);
      await db.insert(schema.users).values([{ name: 'written' }]);
      db.insert(schema.users).values([{ name: 'left' }, { name: 'secret' }]);
      ${last}
      await client.end();`;
    const left = await runScript(program(''));
    expect(left.stderr).toContain('[BATCHED_DRIZZLE_ROWS_LEFT] BatchedDrizzleWarning: 2 rows queued');
    expect(left.stderr).not.toContain('secret');
    expect(await check.$count(users)).toBe(1);
    await check.execute(emptyTables());
    expect((await runScript(program('await db.flush();'))).stderr).toBe('');
    expect(await check.$count(users)).toBe(3);
  });
});
