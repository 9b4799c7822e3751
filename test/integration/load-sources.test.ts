import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { rejectionOf } from '../support/process-events.ts';
import { logs } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });

type Row = typeof logs.$inferInsert;

let client: Client;
let db: BatchedDatabase;

beforeEach(async () => {
  client = database.client({ max: 2 });
  db = batchedDrizzle(client);
  await check`truncate logs`;
});

const written = async (): Promise<string[]> =>
  (await check<{ message: string }[]>`select message from logs`).map(({ message }) => message);

const row = (n: number): Row => ({ level: 'info', message: `row ${n}` });
const messages = (count: number): string[] => Array.from({ length: count }, (_, n) => `row ${n}`);

/** Rows that count how often they are pulled, and note whether the iterator was closed. */
class Counted {
  pulled = 0;
  isEnded = false;

  constructor(
    readonly count: number,
    readonly fails = false,
  ) {}

  *[Symbol.iterator](): Generator<Row> {
    try {
      while (this.pulled < this.count) yield row(this.pulled++);
      if (this.fails) throw new Error('no more to read');
    } finally {
      this.isEnded = true;
    }
  }

  async *awaited(): AsyncGenerator<Row> {
    for (const each of this) yield Promise.resolve(each);
  }

  web(): ReadableStream<Row> {
    const rows = this[Symbol.iterator]();
    return new ReadableStream<Row>(
      {
        pull(feed) {
          const next = rows.next();
          if (next.done) feed.close();
          else feed.enqueue(next.value);
        },
        cancel: () => void rows.return(undefined),
      },
      { highWaterMark: 0 },
    );
  }
}

const sources: Record<
  string,
  (counted: Counted) => Iterable<Row> | AsyncIterable<Row> | ReadableStream<Row>
> = {
  'an array': (counted) => [...counted],
  'an iterable': (counted) => counted,
  'a generator': (counted) => counted[Symbol.iterator](),
  'an async generator': (counted) => counted.awaited(),
  'a Node stream': (counted) => Readable.from(counted),
  'a web stream': (counted) => counted.web(),
};
const pulled = Object.keys(sources).filter((name) => name !== 'an array');

describe('rows come from', () => {
  test.each(Object.keys(sources))('%s', async (name) => {
    const source = sources[name]?.(new Counted(25)) as Iterable<Row>;
    expect(await db.load(logs, source, { chunkRows: 10 })).toMatchObject({ rows: 25 });
    expect(await written()).toEqual(messages(25));
  });

  test('a generator that reads with the transaction it is loaded in', async () => {
    await db.load(logs, new Counted(5));
    await db.transaction(async (tx) => {
      async function* again(): AsyncGenerator<Row> {
        for (let round = 0; round < 3; round++) {
          for (const { message } of await tx.select().from(logs).limit(5)) yield { level: 'copy', message };
        }
      }
      expect(await tx.load(logs, again(), { chunkRows: 2 })).toMatchObject({ rows: 15 });
    });
    expect(await written()).toHaveLength(20);
  });

  test('a generator that gives one object again and again', async () => {
    function* same(): Generator<Row> {
      const one = row(0);
      for (let n = 0; n < 25; n++) yield Object.assign(one, row(n));
    }
    await db.load(logs, same(), { chunkRows: 10 });
    expect(await written()).toEqual(messages(25));
    await db.load(logs, same(), { chunkRows: 10, onConflict: 'nothing' });
    expect(await written()).toEqual([...messages(25), ...messages(25)]);
  });

  test('objects of a class, of which own properties count', async () => {
    class Line {
      level = 'info';
      get message(): string {
        return 'inherited';
      }
    }
    expect(await rejectionOf(db.load(logs, [new Line() as Row]))).toMatchObject({
      index: 0,
      column: 'message',
    });
    const line = Object.assign(Object.create({ message: 'inherited' }), row(1));
    const hidden = Object.defineProperty(row(2), 'level', { value: 'hidden', enumerable: false });
    await db.load(logs, [line]);
    expect(await written()).toEqual(['row 1']);
    expect(await rejectionOf(db.load(logs, [hidden]))).toMatchObject({ index: 0, column: 'level' });
  });
});

describe('of a slow server', () => {
  test.each(pulled)('%s is paused: never more than two chunks are pulled ahead', async (name) => {
    const counted = new Counted(200);
    const ahead: number[] = [];
    const source = sources[name]?.(counted) as Iterable<Row>;
    const load = db.load(logs, source, {
      chunkRows: 10,
      onProgress: ({ rows }) => ahead.push(counted.pulled - rows),
    });
    await check.begin(async (sql) => {
      await sql`lock table logs in exclusive mode`;
      load.catch(() => {});
      for (let looks = 0; looks < 500 && counted.pulled < 20; looks++) await sleep(10);
      await sleep(50);
      expect(counted.pulled).toBeGreaterThanOrEqual(20);
      // A Node stream keeps some rows in its own buffer.
      expect(counted.pulled).toBeLessThanOrEqual(name === 'a Node stream' ? 40 : 20);
    });
    expect(await load).toMatchObject({ rows: 200 });
    expect(Math.max(...ahead)).toBeLessThanOrEqual(name === 'a Node stream' ? 30 : 10);
  });
});

describe('where the load fails', () => {
  test.each(pulled)('%s is told to end', async (name) => {
    const counted = new Counted(1_000);
    const { message } = await rejectionOf(
      db.load(logs, sources[name]?.(counted) as Iterable<Row>, {
        chunkRows: 10,
        onProgress: () => {
          throw new Error('seen enough');
        },
      }),
    );
    expect(message).toBe('load into "logs" failed: seen enough');
    await sleep(20);
    expect(counted.isEnded).toBe(true);
    expect(counted.pulled).toBeLessThan(100);
    expect(await written()).toEqual([]);
  });
});

describe('where the source fails', () => {
  test.each(pulled)('%s, so does the load', async (name) => {
    const error = await rejectionOf(
      db.load(logs, sources[name]?.(new Counted(25, true)) as Iterable<Row>, { chunkRows: 10 }),
    );
    expect(error.message).toMatch(
      /^load into "logs" failed: its source failed after \d+ rows: no more to read$/,
    );
    expect((error.cause as Error).cause).toMatchObject({ message: 'no more to read' });
    expect(await written()).toEqual([]);
  });
});
