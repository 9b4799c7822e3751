import { drizzle } from 'drizzle-orm/postgres-js';
import { expect, test } from 'vitest';
import { addresses, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

test('plain drizzle: BEGIN is one trip, an insert two, COMMIT one', async () => {
  const relay = await database.relay({ delay: 5 });
  const db = drizzle(database.connect({ url: relay.url }));
  await db.transaction(async (tx) => {
    await tx.insert(users).values({ name: 'counted' }).returning({ id: users.id });
  });
  expect(relay.trips).toBe(4);
  expect(relay.statements).toEqual([
    'begin ',
    'insert into "users" ("id", "name") values (default, $1) returning "id"',
    'commit',
  ]);
});

test('simple queries that are pipelined are one trip', async () => {
  const relay = await database.relay({ delay: 5 });
  const sql = database.connect({ url: relay.url, max: 1 });
  await sql`select 1`.simple();
  relay.reset();
  await Promise.all([1, 2, 3].map((n) => sql.unsafe(`select ${n}`).simple()));
  expect(relay.trips).toBe(1);
  expect(relay.statements).toEqual(['select 1', 'select 2', 'select 3']);
});

test('so is a flight that takes longer to write than to be answered', async () => {
  const relay = await database.relay({ delay: 5 });
  const sql = database.connect({ url: relay.url, max: 1 });
  await sql`select 1`.simple();
  relay.reset();
  const large = 'x'.repeat(16_000_000);
  await Promise.all([sql`select 1`.simple(), sql.unsafe(`select length('${large}')`).simple()]);
  expect(relay.trips).toBe(1);
});

test('trips of all connections are counted, start-up is not', async () => {
  const relay = await database.relay({ delay: 5 });
  const sql = database.connect({ url: relay.url, max: 3 });
  await Promise.all([1, 2, 3].map(() => sql`select pg_sleep(0.05)`.simple()));
  expect(relay.trips).toBe(3);
});

test('COPY is two trips', async () => {
  const relay = await database.relay({ delay: 5 });
  const sql = database.connect({ url: relay.url, max: 1 });
  const copy = await sql`copy logs (level, message) from stdin`.writable();
  await new Promise((resolve) => copy.end('info\tcopied\n', () => resolve(undefined)));
  expect(relay.trips).toBe(2);
});

test('a round trip takes twice the delay', async () => {
  const relay = await database.relay({ delay: 30 });
  const sql = database.connect({ url: relay.url, max: 1 });
  await sql`select 1`.simple();
  const started = performance.now();
  await sql`select 1`.simple();
  const took = performance.now() - started;
  expect(took).toBeGreaterThan(58);
  expect(took).toBeLessThan(120);
});

test('large rows arrive whole and in order, with a delay and without', async () => {
  for (const delay of [0, 3]) {
    const relay = await database.relay({ delay });
    const sql = database.connect({ url: relay.url, max: 1 });
    const texts = Array.from({ length: 50 }, (_, i) => String(i).repeat(20_000));
    const [row] = await sql`select ${texts}::text[] as texts`;
    expect(row?.texts).toEqual(texts);
  }
});

test('a backend that goes away takes the client along', async () => {
  const relay = await database.relay({ delay: 5 });
  const sql = database.connect({ url: relay.url, max: 1 });
  const killed = sql`select pg_terminate_backend(pg_backend_pid())`;
  await expect(killed).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
});

test('a client that goes away takes the backend along', async () => {
  const relay = await database.relay();
  const direct = database.connect();
  const sql = database.connect({ url: relay.url, max: 1 });
  const [{ pid } = { pid: 0 }] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  await sql.end();
  await expect
    .poll(() => direct`select 1 from pg_stat_activity where pid = ${pid}`.then((rows) => rows.length))
    .toBe(0);
});

test('close() cuts what is open', async () => {
  const relay = await database.relay({ delay: 5 });
  const sql = database.connect({ url: relay.url, max: 1 });
  const query = sql`select pg_sleep(60)`.then(
    () => 'answered',
    (error: { code: string }) => error.code,
  );
  await expect.poll(() => relay.trips).toBeGreaterThan(0);
  await relay.close();
  expect(await query).toBe('CONNECTION_CLOSED');
});

test('a file has its database to itself, with the tables of the schema', async () => {
  const db = drizzle(database.connect());
  expect(new URL(database.url).pathname).toMatch(/^\/batched_drizzle_[0-9a-f]{12}$/);
  expect(await db.select().from(addresses)).toEqual([]);
});
