import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { BatchedDatabase, BatchedTransaction, batchedDrizzle } from '../../../src/entry/node-postgres.ts';
import type { Client, Row, TestDriver } from './driver.ts';
import { rejectingUncommitted } from './rejecting-uncommitted.ts';

const poolOf = (client: Client): pg.Pool => client as unknown as pg.Pool;

/** pg's results. Its types do not have the class. */
interface Result {
  readonly command: string;
  readonly rowCount: number | null;
  readonly oid: number | null;
  readonly rows: Row[];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number; readonly format: string }[];
}

const { Result } = pg as unknown as { Result: new () => Result };

export const driver: TestDriver = {
  name: 'node-postgres',

  connect(url, { max = 10, connection = {}, own }) {
    const options = Object.entries(connection).map(([name, value]) => `-c ${name}=${escaped(String(value))}`);
    const pool = new pg.Pool({
      connectionString: url,
      max,
      // A connection that is replaced would lose the settings of its session.
      idleTimeoutMillis: 0,
      ...(options.length > 0 && { options: options.join(' ') }),
      ...own,
    });
    // A pool without a listener ends the process when an idle connection is lost.
    pool.on('error', () => {});
    const open = openOf(pool);
    pool.on('connect', (client) => open.add(client));
    pool.on('remove', (client) => open.delete(client));
    return pool as unknown as Client;
  },
  async end(client) {
    const pool = poolOf(client);
    if (pool.ended || pool.ending) return;
    // It waits for connections in use, and for ever for one that is never released.
    await Promise.race([pool.end(), sleep(1_000, undefined, { ref: false })]);
    for (const each of openOf(pool)) streamOf(each).destroy();
  },
  async query(client, text) {
    const result: Result | Result[] = await poolOf(client).query(text);
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
  },

  drizzle: (client, config = {}) => drizzle(poolOf(client), config) as never,
  batchedDrizzle: (client, config = {}) => batchedDrizzle(poolOf(client), config) as never,
  reference: (client, config = {}) => drizzle(rejectingUncommitted(poolOf(client)), config) as never,
  BatchedDatabase: BatchedDatabase as never,
  BatchedTransaction: BatchedTransaction as never,

  DatabaseError: pg.DatabaseError as unknown as TestDriver['DatabaseError'],
  errorFields: ['schema', 'table', 'column', 'constraint', 'dataType'],

  rowsOf: (result) => (result as Result).rows,
  countOf: (result) => (result as Result).rowCount ?? 0,
  comparable(value) {
    if (!(value instanceof Result)) return value;
    const { command, rowCount, oid, fields, rows } = value;
    return {
      keys: Object.keys(value),
      command,
      rowCount,
      oid,
      fields: fields.map(({ name, dataTypeID, format }) => `${name} ${dataTypeID} ${format}`),
      rows,
    };
  },

  variants: {
    'of a client': { options: {}, takesUndefined: true },
    'of a client with parsers of its own, which drizzle does not use': {
      options: { own: { types: { getTypeParser: () => (given: string) => `~${given}` } } },
      takesUndefined: true,
    },
  },
};

const connections = new WeakMap<pg.Pool, Set<pg.PoolClient>>();

function openOf(pool: pg.Pool): Set<pg.PoolClient> {
  const open = connections.get(pool) ?? new Set();
  connections.set(pool, open);
  return open;
}

const streamOf = (client: pg.PoolClient): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream;

/** A value among the options of a session, which are separated by spaces. */
const escaped = (value: string): string => value.replaceAll(/[\\ ]/g, String.raw`\$&`);
