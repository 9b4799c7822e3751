import { addresses, type Row, type Table, users } from '../tables.ts';

/** Connects a side. */
export type Open = (setting: Setting) => Promise<Session> | Session;

export interface Setting {
  readonly url: string;
  /** All tables of the run; users and addresses are always among them. */
  readonly tables: readonly Table[];
  /** Rows of one statement, for the sides that must be told; theirs where it is not set. */
  readonly chunk?: number | undefined;
  /** A pooler in transaction mode stands in between, which keeps no prepared statement. */
  readonly isPooled?: boolean;
  /** Milliseconds behind which the pool closes a connection that nobody uses; its own where it is not set. */
  readonly idleMs?: number | undefined;
}

/** The ids given back, in the order of the rows. */
export type Ids = readonly number[];

export interface Person {
  readonly name: string;
  readonly emails: readonly string[];
}

/** A connected side. What it can't do in its own way it leaves out, and it takes no part in that job. */
export interface Session {
  /** All rows in one transaction. */
  rows?(table: Table, rows: Row[]): Promise<Ids>;
  /**
   * All rows in one transaction from what is made of them beforehand; resolves to the ids that they must have, where the
   * side gives none back.
   */
  load?(table: Table, rows: Row[]): () => Promise<Ids>;
  /** Users and their addresses in one transaction. */
  graph?(people: readonly Person[]): Promise<{ users: Ids; addresses: Ids }>;
  /** One transaction, each insert awaited before the next. */
  each?(table: Table, rows: Row[]): Promise<Ids>;
  /** One row, outside of any transaction, among other callers. */
  request?(table: Table, row: Row): Promise<number>;
  /** Opens a connection, where none is open. */
  connect?(): PromiseLike<unknown>;
  close(): Promise<unknown>;
}

/** What one library needs to say for most jobs. */
export interface Way<Db> {
  readonly db: Db;
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  /** Many rows, as the side inserts many. */
  many?(tx: Db, table: Table, rows: Row[]): Promise<Ids>;
  /** One row. */
  one?(db: Db, table: Table, row: Row): Promise<number>;
  /** Opens a connection, where none is open. */
  connect?(): PromiseLike<unknown>;
  close(): Promise<unknown>;
}

/** A session whose parents are inserted before their children, and give them their ids. */
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

/** The rows cut for statements with a parameter for each value, of which PostgreSQL takes 65,534 at most. */
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

/** What every side's pool may open; most have it as their default. */
export const poolSize = 10;

/** What the cells of cold connections and poolers ask of a client on postgres.js. */
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

/** The same of a pool of node-postgres, which prepares nothing unless it is told to. */
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
