import { AsyncLocalStorage } from 'node:async_hooks';
import diagnosticsChannel from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase, FlushTrace } from '../../src/index.ts';
import { FlushError } from '../../src/settle/flush-error.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, driver, drizzle } from '../support/drivers/chosen.ts';
import { eachEvent } from '../support/each-event.ts';
import { failedFlush, scopes } from '../support/failed-flush.ts';
import { rejectionOf } from '../support/process-events.ts';
import { logs, nodes, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const check = drizzle(database.client());

beforeEach(() => check.execute(emptyTables()));

const tracing = diagnosticsChannel.tracingChannel<unknown, FlushTrace>('batched-drizzle:flush');

function log(message: string): { level: string; message: string } {
  return { level: 'info', message };
}

/** An insert on the database that is awaited is settled before its flush ends. */
function flushed(db: BatchedDatabase, rows: { level: string; message: string }[]): Promise<unknown> {
  for (const row of rows) db.insert(logs).values(row);
  return db.flush();
}

describe('the tracing channel batched-drizzle:flush', () => {
  /** The flushes that ended during `work`, each with its events in their order. */
  async function tracedDuring(work: () => Promise<unknown>): Promise<Map<FlushTrace, string[]>> {
    const traces = new Map<FlushTrace, string[]>();
    const subscribers = eachEvent((event) => (context) => {
      const trace = context as FlushTrace;
      traces.set(trace, [...(traces.get(trace) ?? []), event]);
    });
    tracing.subscribe(subscribers);
    try {
      await work();
    } finally {
      tracing.unsubscribe(subscribers);
    }
    return traces;
  }

  const done = ['start', 'end', 'asyncStart', 'asyncEnd'];
  const failed = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];

  test('has the events of each flush, of the database and of transactions, each with one context', async () => {
    const db = batchedDrizzle(database.client());
    const traces = await tracedDuring(() =>
      Promise.all([
        db.transaction(async (tx) => {
          await tx.insert(users).values([{ name: 'a' }, { name: 'b' }]);
          tx.insert(logs).values(log('a'));
        }),
        flushed(db, [log('b'), log('c'), log('d')]),
      ]),
    );
    expect([...traces.values()]).toEqual([done, done, done]);
    expect([...traces.keys()].toSorted((a, b) => a.rows - b.rows)).toEqual([
      {
        id: expect.any(Number),
        where: 'transaction',
        rows: 1,
        tables: ['"logs"'],
        result: expect.objectContaining({ rows: 1 }),
      },
      {
        id: expect.any(Number),
        where: 'transaction',
        rows: 2,
        tables: ['"users"'],
        result: expect.objectContaining({ rows: 2 }),
      },
      {
        id: expect.any(Number),
        where: 'database',
        rows: 3,
        tables: ['"logs"'],
        result: expect.objectContaining({ rows: 3 }),
      },
    ]);
  });

  test.each(scopes)(
    'has for a flush of a %s that fails codes, tables, counts and the report, and no value',
    async (where) => {
      const db = batchedDrizzle(database.client());
      await check.insert(users).values({ name: 'secret' });
      let error: unknown;
      const traces = await tracedDuring(async () => {
        error = await failedFlush(db, where);
      });
      expect(error).toBeInstanceOf(FlushError);
      expect([...traces.values()]).toEqual([failed]);
      const [trace] = traces.keys();
      expect(trace?.error).toBeInstanceOf(Error);
      expect(trace?.error).toMatchObject({
        name: 'FlushError',
        code: 'FLUSH_FAILED',
        failures: (error as FlushError).failures,
        report: { rows: where === 'database' ? 2 : 0 },
      });
      expect(trace?.error?.message).toMatch(/^flush failed: [24] rows not written to .*"users" \(23505\)/);
      expect(trace).not.toHaveProperty('result');
      expect(inspect(trace, { depth: null, showHidden: true })).not.toContain('secret');
    },
  );

  test('has for a COMMIT that is refused its code', async () => {
    const db = batchedDrizzle(database.client());
    await check.execute(
      sql`alter table nodes add constraint late unique (label) deferrable initially deferred`,
    );
    await check.insert(nodes).values({ label: 'secret' });
    const traces = await tracedDuring(() =>
      rejectionOf(
        db.transaction(async (tx) => {
          tx.insert(nodes).values({ label: 'secret' });
        }),
      ),
    );
    await check.execute(sql`alter table nodes drop constraint late`);
    expect([...traces.values()]).toEqual([failed]);
    const [trace] = traces.keys();
    expect(trace?.error?.message).toBe('flush failed (23505)');
    expect(inspect(trace, { depth: null, showHidden: true })).not.toContain('secret');
  });
});

describe('a store that a tracer has bound to start', () => {
  const spans = new AsyncLocalStorage<{ readonly of: FlushTrace | string; readonly in?: unknown }>();
  const seen: [hook: string, span: unknown][] = [];
  const note = <T>(hook: string, value: T): T => {
    seen.push([hook, spans.getStore()?.of]);
    return value;
  };

  beforeEach(() => {
    seen.length = 0;
    tracing.start.bindStore(spans, (trace) => ({ of: trace, in: spans.getStore() }));
  });

  afterEach(() => void tracing.start.unbindStore(spans));

  /** The flushes as their ends carried them, with the stores that these ran in. */
  async function endsDuring(work: () => Promise<unknown>) {
    const ends: { trace: FlushTrace; span: unknown }[] = [];
    const end = (trace: unknown) => void ends.push({ trace: trace as FlushTrace, span: spans.getStore() });
    tracing.asyncEnd.subscribe(end);
    await work().finally(() => tracing.asyncEnd.unsubscribe(end));
    return ends;
  }

  test('is that of the logger and of what the client serialises, and of no statement outside the flush', async () => {
    const ofClient = driver.noting(note);
    const logger = { logQuery: (query: string) => void note('logger', query) };
    const db = batchedDrizzle(database.client({ max: 1, own: ofClient.own }), { logger });
    await db.execute(sql`select 1`);
    expect(seen.every(([, span]) => span === undefined)).toBe(true);
    seen.length = 0;
    const [end, ...others] = await endsDuring(() => flushed(db, [log('a'), log('b')]));
    expect(others).toEqual([]);
    expect(seen.filter(([hook]) => hook === 'logger').length).toBeGreaterThanOrEqual(2);
    expect(new Set(seen.map(([, span]) => span))).toEqual(new Set([end?.trace]));
    expect(end?.span).toMatchObject({ of: end?.trace });
  });

  test("lies in the caller's for a flush of a transaction, and in none for one of the database", async () => {
    const db = batchedDrizzle(database.client());
    const request = { of: 'request' };
    const ends = await endsDuring(() =>
      spans.run(request, async () => {
        await flushed(db, [log('a')]);
        expect(spans.getStore()).toBe(request);
        await db.transaction(async (tx) => {
          await tx.insert(logs).values(log('b'));
          expect(spans.getStore()).toBe(request);
          tx.insert(logs).values(log('c'));
        });
        expect(spans.getStore()).toBe(request);
      }),
    );
    expect(ends.map(({ trace, span }) => [trace.where, span])).toEqual([
      ['database', { of: ends[0]?.trace, in: undefined }],
      ['transaction', { of: ends[1]?.trace, in: request }],
      ['transaction', { of: ends[2]?.trace, in: request }],
    ]);
  });
});
