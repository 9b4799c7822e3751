import type { Programs } from '../programs/program.ts';
import { addresses, type Row, type Table, users } from '../tables.ts';

/** Connects a side. */
export type Open = (setting: Setting) => Promise<Session> | Session;

export interface Setting {
  readonly url: string;
  /** All tables of the run; users and addresses are always among them. */
  readonly tables: readonly Table[];
  /** Rows of one statement, for the sides that need a given number; `undefined` for the side's default. */
  readonly chunk?: number | undefined;
  /** Whether a pooler in transaction mode is between client and server. It keeps no prepared statements. */
  readonly isPooled?: boolean;
  /** Milliseconds after which the pool closes an idle connection; `undefined` for the pool's default. */
  readonly idleMs?: number | undefined;
}

/** The returned ids, in the order of the rows. */
export type Ids = readonly number[];

export interface Person {
  readonly name: string;
  readonly emails: readonly string[];
}

export interface Visit {
  /** The name that the select found. */
  readonly read: unknown;
  readonly user: number;
  readonly addresses: Ids;
}

/**
 * A connected side. It lacks the methods that it can't do in its own way, and takes no part in those jobs.
 */
export interface Session {
  /** All rows in one transaction. */
  rows?(table: Table, rows: Row[]): Promise<Ids>;
  /**
   * Makes the data from the rows beforehand, and returns a function that writes them in one transaction. It
   * resolves to the ids that the rows must have, since the side returns none.
   */
  load?(table: Table, rows: Row[]): () => Promise<Ids>;
  /** Users and their addresses in one transaction. */
  graph?(people: readonly Person[]): Promise<{ users: Ids; addresses: Ids }>;
  /** The same, if the job `small` needs another way of the side. */
  small?: Session['graph'];
  /** One transaction: awaits a select of the known user, then inserts a user with its addresses. */
  visit?(known: number, person: Person): Promise<Visit>;
  /** One transaction, each insert awaited before the next. */
  each?(table: Table, rows: Row[]): Promise<Ids>;
  /** One row, outside of any transaction, among other callers. */
  request?(table: Table, row: Row): Promise<number>;
  /** Programs of mixed statements, each awaited. */
  readonly programs?: Programs;
  /** Opens a connection if none is open. */
  connect?(): PromiseLike<unknown>;
  close(): Promise<unknown>;
}

/** The parts of a side that most jobs need. */
export interface Way<Db> {
  readonly db: Db;
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  /** Inserts many rows in the way of this side. */
  many?(tx: Db, table: Table, rows: Row[]): Promise<Ids>;
  /** Inserts one row. */
  one?(db: Db, table: Table, row: Row): Promise<number>;
  /** Opens a connection if none is open. */
  connect?(): PromiseLike<unknown>;
  close(): Promise<unknown>;
}

/** A session that inserts parents before their children, and gives the parents' ids to the children. */
export function session<Db>({ db, transaction, many, one, connect, close }: Way<Db>): Session {
  return {
    ...(many && {
      rows: (table, rows) => transaction((tx) => many(tx, table, rows)),
      graph: (people) =>
        transaction(async (tx) => {
          const ids = await many(tx, users, userRows(people));
          return { users: ids, addresses: await many(tx, addresses, addressRows(people, ids)) };
        }),
    }),
    ...(one && {
      each: (table, rows) =>
        transaction(async (tx) => {
          const ids: number[] = [];
          for (const row of rows) ids.push(await one(tx, table, row));
          return ids;
        }),
      request: (table, row) => one(db, table, row),
    }),
    ...(connect && { connect }),
    close,
  };
}

export function userRows(people: readonly Person[]): Row[] {
  return people.map(({ name }) => ({ name }));
}

export function addressRows(people: readonly Person[], userIds: Ids): Row[] {
  return people.flatMap(({ emails }, n) => emails.map((email) => ({ email, user_id: userIds[n] })));
}

const mostParameters = 65_534;

/**
 * Cuts the rows for statements with a parameter for each value. PostgreSQL accepts at most 65,534 parameters.
 */
export function* chunked(rows: Row[], { columns }: Table, chunk = 5_000): Generator<Row[]> {
  const size = Math.min(chunk, Math.floor(mostParameters / columns.length));
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size);
}

/** Inserts the chunks one after the other. */
export async function inChunks(
  chunks: Iterable<Row[]>,
  insert: (rows: Row[]) => PromiseLike<readonly { id: number }[]>,
): Promise<Ids> {
  const ids: number[] = [];
  for (const chunk of chunks) {
    for (const { id } of await insert(chunk)) ids.push(id);
  }
  return ids;
}

export function only(rows: readonly { id: number }[]): number {
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`an insert of one row returned ${rows.length}`);
  return row.id;
}

/** The maximum number of connections in every side's pool, which is the default of most. */
export const poolSize = 10;

/** The options of a postgres.js client for cells with cold connections or a pooler. */
export function postgresOptions({ isPooled, idleMs }: Setting): {
  max: number;
  prepare?: false;
  idle_timeout?: number;
} {
  return {
    max: poolSize,
    ...(isPooled && { prepare: false }),
    ...(idleMs !== undefined && { idle_timeout: idleMs / 1_000 }),
  };
}

/** The same for a pool of node-postgres, which prepares no statements by default. */
export function pgOptions({ url, idleMs }: Setting): {
  connectionString: string;
  max: number;
  idleTimeoutMillis?: number;
} {
  return {
    connectionString: url,
    max: poolSize,
    ...(idleMs !== undefined && { idleTimeoutMillis: idleMs }),
  };
}
