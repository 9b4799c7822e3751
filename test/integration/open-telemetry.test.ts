import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { asc } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { driver } from '../support/drivers/chosen.ts';
import { traceFlushes } from '../support/flush-spans.ts';
import { rejectionOf } from '../support/process-events.ts';
import { logs, users } from '../support/schema.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
// The comments that it can add to statements must not change what is sent in one flight.
const instrumentation = new PgInstrumentation({ addSqlCommenterCommentToQueries: true });
const isPg = driver.name === 'node-postgres';
let stopTracing = (): void => {};

beforeAll(() => {
  trace.setGlobalTracerProvider(provider);
  instrumentation.setTracerProvider(provider);
  stopTracing = traceFlushes();
  // It patches what is required from here on, also if that is loaded already.
  const require = createRequire(import.meta.url);
  require('pg');
  require('pg-pool');
});

afterAll(() => {
  stopTracing();
  instrumentation.disable();
  trace.disable();
});

beforeEach(() => exporter.reset());

/** What a request does, in a span of its own. */
function request(db: PostgresJsDatabase): Promise<unknown[]> {
  const log = (message: string) => ({ level: 'info', message });
  return trace.getTracer('requests').startActiveSpan('request', async (span) => {
    const results = [
      await db.insert(logs).values(log('a')).returning(),
      await Promise.all(['b', 'c'].map((message) => db.insert(logs).values(log(message)).returning())),
      await db.transaction(async (tx) => {
        await tx.insert(users).values({ name: 'a' });
        await tx.insert(users).values({ name: 'b' });
        return tx.select().from(users).orderBy(asc(users.id));
      }),
      await rejectionOf(db.insert(users).values({ name: 'a' }).execute()).then(
        ({ cause }) => (cause as { code?: string }).code,
      ),
    ];
    span.end();
    return results;
  });
}

/** The names of the spans that are children of `parent`. */
const childrenOf = (spans: readonly ReadableSpan[], parent: ReadableSpan): string[] =>
  spans
    .filter((span) => span.parentSpanContext?.spanId === parent.spanContext().spanId)
    .map(({ name }) => name.replace(/ batched_drizzle_\w+$/, ''));

test('a program under the instrumentation of pg has the results and rows of plain drizzle', async () => {
  const both = sideBySide(database);
  const { plain, batched } = await both.runAndRead(request, users, logs);
  expect(batched).toEqual(plain);
  expect(plain.result.at(-1)).toBe('23505');
});

test('each flush has a span, and the spans of what it sends are its children', async () => {
  const { batched } = sideBySide(database);
  await batched.delete(users);
  await batched.delete(logs);
  exporter.reset();
  await request(batched);
  await expect.poll(() => flushes().length).toBe(5);
  function flushes(): ReadableSpan[] {
    return exporter.getFinishedSpans().filter(({ name }) => name.startsWith('flush'));
  }
  const spans = exporter.getFinishedSpans();
  const ofRequest = spans.find(({ name }) => name === 'request') as ReadableSpan;
  expect(flushes().map(({ name, attributes }) => [name, attributes.rows])).toEqual([
    ['flush database', 1],
    ['flush database', 2],
    ['flush transaction', 1],
    ['flush transaction', 1],
    ['flush database', 1],
  ]);
  // The flush of several inserts on the database may be that of several requests.
  expect(childrenOf(spans, ofRequest).filter((name) => name.startsWith('flush'))).toEqual([
    'flush database',
    'flush transaction',
    'flush transaction',
    'flush database',
  ]);
  const failed = flushes().at(-1);
  expect(failed?.status.message).toMatch(/^flush failed: 1 row not written to "users" \(23505\)$/);
  expect(failed?.events[0]?.attributes).toMatchObject({ 'exception.type': 'FLUSH_FAILED' });
  const [alone, together] = flushes();
  // An insert by itself is a query of its own. A flight is one query without a text.
  if (isPg) {
    expect(childrenOf(spans, alone as ReadableSpan)).toContain('pg.query:INSERT');
    expect(childrenOf(spans, together as ReadableSpan)).toContain('pg.query:');
  }
});
