import { context, propagation, trace } from '@opentelemetry/api';
import { instrumentPostgresJsSql } from '@sentry/core';
import * as Sentry from '@sentry/node';
import { asc, eq } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { emptyTables } from '../support/counted.ts';
import { rejectionOf } from '../support/process-events.ts';
import { logs, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

/** What Sentry would send of each span: its name, and how it ended. */
const spans: { name: string; status: string | undefined }[] = [];

beforeAll(() => {
  Sentry.init({
    dsn: 'https://key@127.0.0.1/1',
    tracesSampleRate: 1,
    // Nothing is sent.
    transport: () => ({ send: async () => ({}), flush: async () => true }),
    beforeSendTransaction: ({ spans: sent = [] }) => {
      spans.push(...sent.map(({ description = '', status }) => ({ name: description, status })));
      return null;
    },
  });
});

afterAll(async () => {
  await Sentry.close();
  // Sentry leaves them for the files behind this one.
  for (const global of [trace, context, propagation]) global.disable();
});

beforeEach(() => spans.splice(0));

/** A client as Sentry's integration of postgres.js makes it. */
function instrumented(): Sql {
  return instrumentPostgresJsSql(database.client({ max: 2 }) as unknown as Sql);
}

/** What a request does, in a span of its own. */
async function request(db: PostgresJsDatabase): Promise<unknown> {
  await db.execute(emptyTables());
  const log = (message: string) => ({ level: 'info', message });
  const done = await Sentry.startSpan({ name: 'request' }, async () => [
    await db.insert(logs).values(log('a')).returning(),
    await Promise.all(['b', 'c'].map((message) => db.insert(logs).values(log(message)).returning())),
    await db.transaction(async (tx) => {
      const [user] = await tx.insert(users).values({ name: 'a' }).returning();
      await tx
        .update(users)
        .set({ name: 'z' })
        .where(eq(users.id, user?.id ?? 0));
      return tx.select().from(users).orderBy(asc(users.id));
    }),
    await rejectionOf(
      db.transaction(async (tx) => {
        await tx.insert(users).values({ name: 'z' });
      }),
    ).then(({ cause }) => (cause as { code?: string }).code),
  ]);
  await Sentry.flush();
  return [done, await db.select().from(users), await db.select().from(logs).orderBy(asc(logs.message))];
}

test('a program on a client of Sentry has the results and rows of plain drizzle', async () => {
  const plain = await request(drizzle(instrumented()));
  expect(await request(batchedDrizzle(instrumented()))).toEqual(plain);
});

test('an insert that is awaited alone on the database has a span in that of the request', async () => {
  await request(batchedDrizzle(instrumented()));
  const inserted = spans.filter(({ name }) => /^insert into "logs"/.test(name));
  expect(inserted).toEqual([{ name: expect.any(String), status: 'ok' }]);
});

test('the statements of a transaction have spans in that of the request, also the refused one', async () => {
  await request(batchedDrizzle(instrumented()));
  expect(spans).toContainEqual({ name: expect.stringMatching(/^insert into "users"/), status: 'ok' });
  expect(spans).toContainEqual({ name: expect.stringMatching(/^update "users"/), status: 'ok' });
  expect(spans).toContainEqual({ name: expect.stringMatching(/^select .* from "users"/), status: 'ok' });
  expect(spans).toContainEqual({
    name: expect.stringMatching(/^insert into "users"/),
    status: 'internal_error',
  });
});
