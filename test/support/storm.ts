import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { Cache } from 'drizzle-orm/cache/core';
import postgres, { type Sql } from 'postgres';
import type { BatchedDatabase } from '../../src/index.ts';
import { times } from './copies.ts';
import { batchedDrizzle, driver } from './drivers/chosen.ts';
import type { Client } from './drivers/driver.ts';
import { type FaultRelay, startFaultRelay } from './fault-relay.ts';
import {
  oneConnection,
  openTransactions,
  queueFlight,
  readFlights,
  rowsOfFlight,
  settling,
} from './flights.ts';
import { endsDuring } from './process-events.ts';
import { organizations } from './schema.ts';
import { startThrottledRelay } from './throttled-relay.ts';

/** The results of a storm. All numbers from `crashes` on must be zero. */
export interface StormReport {
  readonly flights: { written: number; rejected: number; unknown: number };
  readonly faults: { cancelled: number; terminated: number; cut: number };
  readonly seconds: number;
  readonly crashes: number;
  readonly hangs: number;
  /** Flights with only some of their rows in the tables. */
  readonly halfWritten: number;
  /** Flights with rows in the tables although their transaction, or their insert, has failed. */
  readonly outside: number;
  /** Flights that succeeded but whose rows are missing. */
  readonly missing: number;
  readonly connectionsLost: number;
  /** Statements of the pool that ran inside a transaction. */
  readonly strays: number;
}

/** A part of a flight that must be written completely or not at all, and the outcome for its caller. */
interface Part {
  readonly tables: readonly ('parents' | 'children' | 'notes')[];
  readonly settled: PromiseSettledResult<unknown>;
}

/** Small pools and short pipelines; some behind sockets that drain slowly, some with a cache that queries. */
const pools = [
  { max: 1, max_pipeline: 100, isThrottled: false, isCached: false },
  { max: 2, max_pipeline: 100, isThrottled: true, isCached: true },
  { max: 3, max_pipeline: 2, isThrottled: false, isCached: true },
  { max: 1, max_pipeline: 1, isThrottled: true, isCached: false },
  { max: 2, max_pipeline: 1, isThrottled: false, isCached: true },
];
const callers = 4;
/** A flight takes milliseconds. The longest wait that a fault can cause is shorter than this. */
const patience = 30_000;

/**
 * Runs flights in and outside transactions, on small pools. Meanwhile backends are cancelled and terminated,
 * and connections are cut.
 */
export async function storm(url: string, flights: number): Promise<StormReport> {
  const relay = await startFaultRelay(url);
  const check = postgres(url, { max: 1, onnotice: () => {} });
  const throttled = await startThrottledRelay(relay.url);
  const clients = pools.map(({ max, max_pipeline, isThrottled }) =>
    driver.connect(isThrottled ? throttled.url : relay.url, {
      ...oneConnection,
      max,
      connection: { application_name },
      max_pipeline,
    }),
  );
  const started = performance.now();
  const parts = new Map<string, Part[]>();
  const faults = { cancelled: 0, terminated: 0, cut: 0 };
  let hangs = 0;
  let connectionsLost = 0;
  let strays = 0;
  try {
    const ends = await endsDuring(async () => {
      const over = new AbortController();
      const raging = rage(check, relay, faults, over.signal);
      const bystanders = clients.map(async (client) => {
        while (!over.signal.aborted) strays += await standBy(client);
      });
      let next = 0;
      const call = async (db: BatchedDatabase): Promise<void> => {
        while (next < flights) {
          const name = `flight ${next++}`;
          try {
            parts.set(name, await fly(db, name));
          } catch {
            hangs += 1;
          }
        }
      };
      await Promise.all(
        clients.flatMap((client, place) => {
          const { max = 1, isCached = false } = pools[place] ?? {};
          const db = makeDatabase(client, isCached);
          return times(callers * max, () => call(db));
        }),
      );
      over.abort();
      await Promise.all([raging, ...bystanders]);
      connectionsLost = await countLost(clients, check);
    });
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    return {
      ...(await judge(check, parts)),
      faults,
      seconds,
      crashes: ends.length,
      hangs,
      connectionsLost,
      strays,
    };
  } finally {
    await Promise.all([check.end({ timeout: 1 }), ...clients.map((client) => driver.end(client))]);
    await throttled.close();
    await relay.close();
  }
}

/** Where the caches find the transaction that they are told of. */
const current = new AsyncLocalStorage<Pick<BatchedDatabase, 'execute'>>();

/** COPY writes more rows than a flight has. */
const copyRows = 100;

function makeDatabase(client: Client, isCached: boolean): BatchedDatabase {
  if (!isCached) return batchedDrizzle(client, { batch: { copyRows } });
  const cache: Cache = Object.assign(Object.create(Cache.prototype), {
    strategy: () => 'all',
    get: async () => undefined,
    put: async () => {},
    // A fault may hit the query, too.
    onMutate: async () => void (await (current.getStore() ?? db).execute(sql`select 1`).catch(() => {})),
  });
  const db: BatchedDatabase = batchedDrizzle(client, { batch: { copyRows }, cache });
  return db;
}

/** Sends statements of the pool, so many that pipelines are full. @returns how many ran inside a transaction */
async function standBy(client: Client): Promise<number> {
  const asked = times(3, () =>
    settling(
      driver.query(client, 'select pg_current_xact_id_if_assigned() is not null as stray'),
      'a bystander',
      2_000,
    ),
  );
  await sleep(randomInt(1, 12));
  // postgres.js itself may lose a statement that is sent while its socket closes.
  const answers = await Promise.all(asked.map((answer) => answer.catch(() => undefined)));
  await inTimersPhase();
  return answers.filter((answer) =>
    answer?.status !== 'rejected'
      ? (answer?.value as { stray: boolean }[] | undefined)?.[0]?.stray
      : (answer.reason as { code?: string }).code === '25P02',
  ).length;
}

/**
 * Goes on in the timers phase of the event loop. postgres.js writes in an immediate. If a statement is sent in the check phase
 * to a socket that closes in the same pass, it cancels the immediate, keeps the bytes, and the connection never starts again.
 * A program has that risk with plain drizzle, too. The storm looks for what this library loses.
 */
async function inTimersPhase(): Promise<void> {
  await sleep(1);
}

const application_name = 'storm';

/**
 * Writes one flight, in one of several ways.
 *
 * @throws if it does not settle
 */
async function fly(db: BatchedDatabase, name: string): Promise<Part[]> {
  const whole = ['parents', 'children', 'notes'] as const;
  const inTransaction = async (work: Parameters<BatchedDatabase['transaction']>[0]): Promise<Part[]> => [
    {
      tables: whole,
      settled: await settling(
        db.transaction((tx) => current.run(tx, () => work(tx))),
        name,
        patience,
      ),
    },
  ];
  const note = sql.raw(`insert into logs select 'note', '${name}' from generate_series(1, ${rowsOfFlight})`);
  switch (randomInt(5)) {
    case 0:
      return inTransaction(async (tx) => {
        await tx.execute(note);
        queueFlight(tx, name);
      });
    case 1:
      return inTransaction(async (tx) => {
        await Promise.all(queueFlight(tx, name));
        await tx.execute(note);
      });
    case 2: {
      const settled = await settling(
        db.transaction((tx) => current.run(tx, async () => void queueFlight(tx, name))),
        name,
        patience,
      );
      return [{ tables: ['parents', 'children'], settled }];
    }
    case 3:
      return inTransaction(async (tx) => {
        queueFlight(tx, name);
        await tx
          .insert(organizations)
          .values(refused)
          .catch(() => {});
        // Data of the refused COPY may still wait in the socket.
        await sleep(randomInt(1, 30));
        throw new Error('given up');
      });
    default: {
      const [parents, children] = queueFlight(db, name).map((insert) => settling(insert, name, patience));
      return [
        { tables: ['parents'], settled: await (parents as Promise<Part['settled']>) },
        { tables: ['children'], settled: await (children as Promise<Part['settled']>) },
      ];
    }
  }
}

/** Rows of which the server refuses the first. */
const refused = times(copyRows * 4, (n) => ({ name: n === 0 ? (null as never) : 'x'.repeat(2_000) }));

async function rage(
  check: Sql,
  relay: FaultRelay,
  faults: StormReport['faults'],
  over: AbortSignal,
): Promise<void> {
  const strike = (how: 'pg_cancel_backend' | 'pg_terminate_backend') =>
    check.unsafe(`
    select ${how}(pid) from pg_stat_activity
    where datname = current_database() and application_name = '${application_name}' order by random() limit 1`);
  while (!over.aborted) {
    const chance = randomInt(10);
    if (chance < 5) faults.cancelled += (await strike('pg_cancel_backend')).length;
    else if (chance < 7) faults.terminated += (await strike('pg_terminate_backend')).length;
    else {
      relay.cutOne((count) => randomInt(Math.max(count, 1)), chance === 7 ? 'reset' : 'close');
      faults.cut += 1;
    }
    await sleep(randomInt(1, 12));
  }
}

/**
 * Counts connections of the pools that serve no further call, and sessions that are still in a transaction.
 */
async function countLost(clients: readonly Client[], check: Sql): Promise<number> {
  let lost = 0;
  for (const [place, client] of clients.entries()) {
    const { max = 1 } = pools[place] ?? {};
    // Each call keeps its connection busy until all calls have begun, so no connection serves two of them.
    // Only the second round counts, since the first one may meet dead connections.
    for (const isLast of [false, true]) {
      const calls = Array.from({ length: max }, () =>
        settling(driver.query(client, 'select pg_sleep(0.05)'), 'a call', patience),
      );
      const served = await Promise.allSettled(calls);
      if (isLast) lost += served.filter(({ status }) => status === 'rejected').length;
      await inTimersPhase();
    }
  }
  return lost + (await openTransactions(check)).length;
}

/** Compares the outcomes for the callers with the rows in the tables. */
async function judge(
  check: Sql,
  parts: ReadonlyMap<string, readonly Part[]>,
): Promise<Pick<StormReport, 'flights' | 'halfWritten' | 'outside' | 'missing'>> {
  const written = await readFlights(check);
  const flights = { written: 0, rejected: 0, unknown: 0 };
  let [halfWritten, outside, missing] = [0, 0, 0];
  for (const [name, those] of parts) {
    for (const { tables, settled } of those) {
      const counts = tables.map((table) => written.get(name)?.[table] ?? 0);
      const isWhole = counts.every((count) => count === rowsOfFlight);
      const isNothing = counts.every((count) => count === 0);
      const isUnknown = settled.status === 'rejected' && /unknown/.test(String(settled.reason));
      if (!isWhole && !isNothing) halfWritten += 1;
      if (settled.status === 'fulfilled') flights.written += 1;
      else flights[isUnknown ? 'unknown' : 'rejected'] += 1;
      if (settled.status === 'fulfilled' && !isWhole) missing += 1;
      if (settled.status === 'rejected' && !isUnknown && !isNothing) outside += 1;
    }
  }
  return { flights, halfWritten, outside, missing };
}

/** The report in one line. */
export function tell({ flights, faults, ...report }: StormReport): string {
  const { written, rejected, unknown } = flights;
  const { cancelled, terminated, cut } = faults;
  return (
    `storm of ${report.seconds} s: ${written} written, ${rejected} rejected, ${unknown} of unknown outcome; ` +
    `${cancelled} cancelled, ${terminated} terminated, ${cut} cut; ` +
    `${report.crashes} crashes, ${report.hangs} hangs, ${report.halfWritten} half-written, ` +
    `${report.outside} outside their transaction, ${report.missing} missing, ` +
    `${report.connectionsLost} connections lost to the pool, ${report.strays} strays in a transaction`
  );
}
