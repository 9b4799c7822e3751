import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { expect } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { times } from './copies.ts';
import { manyEntries } from './many-entries.ts';
import { logs, organizations, teams } from './schema.ts';

/** The number of rows that a flight writes into each of its two tables. */
export const rowsOfFlight = 3;

/** The results of `readFlight` for a flight that was written, and for one that was not. */
export const allOfFlight = { parents: rowsOfFlight, children: rowsOfFlight };
export const noneOfFlight = { parents: 0, children: 0 };

const flightsOfLarge = manyEntries;

/** The result of `readFlight` for a large flight that was written. */
export const allOfLargeFlight = {
  parents: flightsOfLarge * rowsOfFlight,
  children: flightsOfLarge * rowsOfFlight,
};

type Inserts = Pick<BatchedDatabase, 'insert'>;

/**
 * Queues rows of two tables, which have the flight's name. The second table's rows refer to those of the
 * first.
 */
export function queueFlight(db: Inserts, name: string): [PromiseLike<unknown>, PromiseLike<unknown>] {
  const rows = Array.from({ length: rowsOfFlight }, (_, index) => index);
  const parents = db.insert(organizations).values(rows.map(() => ({ name })));
  const children = db
    .insert(teams)
    .values(rows.map((row) => ({ name, organizationId: parents.ref('id', row) })));
  return [parents, children];
}

/** Flights of one name, of so many entries a table that they share statements and take their keys ahead. */
export function queueLargeFlight(db: Inserts, name: string): PromiseLike<unknown>[] {
  return times(flightsOfLarge, () => queueFlight(db, name)).flat();
}

/** The same beside so many entries of another table that all share statements if the facts allow it. */
export function queueSharedFlight(db: Inserts, name: string): ReturnType<typeof queueFlight> {
  for (let n = 0; n < manyEntries; n++) db.insert(logs).values({ level: 'info', message: name });
  return queueFlight(db, name);
}

/** The flight's rows in the tables. Each count must be that of all its rows, or 0. */
export async function readFlight(sql: Sql, name: string): Promise<{ parents: number; children: number }> {
  const [row] = await sql<{ parents: number; children: number }[]>`
    select (select count(*)::int from organizations where name = ${name}) as parents,
      (select count(*)::int from teams where name = ${name}) as children`;
  return row as { parents: number; children: number };
}

/** The rows of all flights and their notes in `logs`, by name. */
export async function readFlights(
  sql: Sql,
): Promise<Map<string, Record<'parents' | 'children' | 'notes', number>>> {
  const rows = await sql<{ name: string; parents: number; children: number; notes: number }[]>`
    select name, sum(parents)::int as parents, sum(children)::int as children, sum(notes)::int as notes from (
      select name, 1 as parents, 0 as children, 0 as notes from organizations
      union all select name, 0, 1, 0 from teams
      union all select message, 0, 0, 1 from logs) written group by name`;
  return new Map(rows.map((row) => [row.name, row]));
}

/**
 * The outcome of a promise. A promise that takes longer than any fault can delay it is treated as hanging.
 */
export async function settling(
  promise: PromiseLike<unknown>,
  what: string,
  patience = 8_000,
): Promise<PromiseSettledResult<unknown>> {
  const stop = new AbortController();
  const late = sleep(patience, undefined, stop).then(() => {
    throw new Error(`${what} has not settled in ${patience} ms`);
  });
  try {
    const [settled] = await Promise.race([Promise.allSettled([promise]), late]);
    return settled;
  } finally {
    stop.abort();
    late.catch(() => {});
  }
}

/** Other sessions of this database that have an open transaction. */
export function openTransactions(sql: Sql): Promise<{ state: string; query: string }[]> {
  return sql<{ state: string; query: string }[]>`
    select state, query from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
      and backend_type = 'client backend' and xact_start is not null`;
}

let nextCalls = 0;

/** Expects that the pool serves the next call, which writes a flight, and that no transaction is left open. */
export async function expectNextCall(
  check: Sql,
  write: (name: string) => PromiseLike<unknown>,
): Promise<void> {
  const name = `next call ${nextCalls++}`;
  expect(await settling(write(name), 'the next call')).toMatchObject({ status: 'fulfilled' });
  expect(await readFlight(check, name)).toEqual(allOfFlight);
  expect(await openTransactions(check)).toEqual([]);
}

/** Options of a client with one connection, so that a lost one is noticed. It reconnects without delay. */
export const oneConnection = { max: 1, backoff: () => 0.01 };
