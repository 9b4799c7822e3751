import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DrizzleQueryError } from 'drizzle-orm';
import { drizzle, NodePgDatabase, NodePgTransaction } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { BatchedDatabase, BatchedTransaction, batchedDrizzle } from '../../../src/entry/node-postgres.ts';
import { NodePostgresDriver } from '../../../src/node-postgres/driver.ts';
import { framing } from '../../../src/node-postgres/framing.ts';
import type { Types } from '../../../src/node-postgres/internals.ts';
import { behindEndOfTurnIf } from '../../../src/take/schedule.ts';
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

  connect(url, { max = 10, connection = {}, debug, onSocket, own }) {
    const options = Object.entries(connection).map(([name, value]) => `-c ${name}=${escaped(String(value))}`);
    const pool = new pg.Pool({
      connectionString: url,
      max,
      // A connection that is replaced would lose the settings of its session.
      idleTimeoutMillis: 0,
      ...(options.length > 0 && { options: options.join(' ') }),
      ...(onSocket && { stream: () => socketFor(onSocket) }),
      ...own,
    });
    // A pool without a listener ends the process when an idle connection is lost.
    pool.on('error', () => {});
    const open = openOf(pool);
    pool.on('connect', (client) => {
      open.add(client);
      if (debug) watchStatements(client, (text) => debug(0, text));
    });
    pool.on('remove', (client) => open.delete(client));
    return pool as unknown as Client;
  },
  failing(error) {
    const stream = () => {
      const socket = new Socket();
      return Object.assign(socket, { connect: () => socket.destroy(error()) });
    };
    const pool = new pg.Pool({ host: '127.0.0.1', user: 'x', max: 1, stream });
    return pool as unknown as Client;
  },
  async end(client, timeout = 1) {
    const pool = poolOf(client);
    if (pool.ended || pool.ending) return;
    // It waits for connections in use, and for ever for one that is never released.
    await Promise.race([pool.end(), sleep(timeout * 1_000, undefined, { ref: false })]);
    for (const each of openOf(pool)) {
      // Plain drizzle leaks the client of a BEGIN that is refused, and nobody listens to it.
      each.on('error', () => {});
      streamOf(each).destroy();
    }
  },
  close: (client) => poolOf(client).end(),
  async query(client, text) {
    const result: Result | Result[] = await poolOf(client).query(text);
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
  },
  driverOf: (client) =>
    new NodePostgresDriver(poolOf(client), { framing, types: pg.types as Types, behindEndOfTurnIf }),
  start: { side: 'server', words: /^BackendKeyData/ },
  closed: (client) => new Promise((resolve) => poolOf(client).once('remove', resolve)),

  refusesWaiting: false,
  async hold(client) {
    const held = await poolOf(client).connect();
    return async () => held.release();
  },

  drizzle: drizzle as never,
  batchedDrizzle: batchedDrizzle as never,
  reference: (client, config = {}) => drizzle(rejectingUncommitted(poolOf(client)), config) as never,
  connectionOf: (url) => ({ connectionString: url, max: 1 }),
  hostOf(client) {
    const { host, connectionString } = poolOf(client).options;
    return host ?? new URL(connectionString ?? '').hostname;
  },
  mockClient: () => ({ options: {} }) as unknown as Client,
  Database: NodePgDatabase,
  Transaction: NodePgTransaction,
  migrate: migrate as never,
  BatchedDatabase: BatchedDatabase as never,
  BatchedTransaction: BatchedTransaction as never,

  describes: false,
  declaresTypes: false,
  sendsAhead: false,
  plainTrips: 1,
  tripsOfCopy: 0,
  // The server skips what was sent behind it, and it is sent again.
  tripsOfRefusal: 1,
  // The server skips what follows a BEGIN that it refuses, up to the Sync of the flight.
  tripsOfBegin: 0,
  locksOfSavepoint: 0,
  begin: (modes) => [`begin ${modes}`],
  guard: { isMarked: false, begin: 'begin', alone: '', behind: '' },
  endsAtRawCommit: false,
  namesStatements: true,
  knowsKilled: true,
  copyTravels: true,
  endOfSessionIsAnswer: true,
  unlogged: [],
  resultsHaveStatement: false,
  // An INSERT has its bytes in the binary format of the type.
  isLoadedOtherwise: (value, sqlType) => ArrayBuffer.isView(value) && sqlType !== 'bytea',
  ofClasses: [new String('boxed'), new Map(), new Set(['a'])],
  // It sends a Symbol as its text.
  unsendable: { toPostgres: () => `${Symbol('no text') as never}` },
  unwritable: { toPostgres: () => `${Symbol('no text') as never}` },
  writtenBy: (text) => ({ toPostgres: text }),

  DatabaseError: pg.DatabaseError as unknown as TestDriver['DatabaseError'],
  errorFields: ['schema', 'table', 'column', 'constraint', 'dataType'],
  // It has no code.
  saysEnded: (error) => /after calling end on the pool/.test((error as Error).message),
  errorOf: (fields) =>
    Object.fromEntries(
      Object.entries(fields)
        // pg's errors do not have the statement.
        .filter(([name]) => !['query', 'parameters', 'args'].includes(name))
        .map(([name, value]) => [name.replace(/_name$/, ''), value]),
    ),
  // drizzle sends RELEASE also behind a failure, and the server refuses that.
  causeOfRelease: (error) => error.cause,
  unwrapped(error, query) {
    if (error instanceof DrizzleQueryError && query.test(error.query)) return error.cause as never;
    throw new Error(`expected drizzle's error of ${query}`, { cause: error });
  },

  rowsOf: (result: unknown) => (result as Result).rows as never,
  countOf: (result) => (result as Result).rowCount ?? 0,
  describeResult: (result) => ({ ...(comparable(result) as object), count: (result as Result).rowCount }),
  comparable,

  // drizzle reads by parsers of its own, and pg calls no other function of the program.
  noting: () => ({ own: {}, hooks: [] }),
  senders: { 'that sends queries ahead of answers': { pipeline: true } },
  otherOptions: {},
  poolerOptions: {},
  variants: {
    'of a client': { options: {}, takesUndefined: true },
    'of a client with parsers of its own, which drizzle does not use': {
      options: { own: { types: { getTypeParser: () => (given: string) => `~${given}` } } },
      takesUndefined: true,
    },
  },
};

function comparable(value: unknown): unknown {
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
}

const connections = new WeakMap<pg.Pool, Set<pg.PoolClient>>();

function openOf(pool: pg.Pool): Set<pg.PoolClient> {
  const open = connections.get(pool) ?? new Set();
  connections.set(pool, open);
  return open;
}

function socketFor(onSocket: (socket: Socket) => void): Socket {
  const socket = new Socket();
  onSocket(socket);
  return socket;
}

interface Connection {
  readonly stream: Socket;
  query(text: string): void;
  parse(statement: { text: string }): void;
}

const connectionOf = (client: pg.PoolClient): Connection =>
  (client as unknown as { connection: Connection }).connection;

const streamOf = (client: pg.PoolClient): Socket => connectionOf(client).stream;

function watchStatements(client: pg.PoolClient, sent: (text: string) => void): void {
  const connection = connectionOf(client);
  const query = connection.query.bind(connection);
  const parse = connection.parse.bind(connection);
  Object.assign(connection, {
    query(text: string) {
      sent(text);
      query(text);
    },
    parse(statement: { text: string }) {
      sent(statement.text);
      parse(statement);
    },
  });
}

/** A value among the options of a session, which are separated by spaces. */
const escaped = (value: string): string => value.replaceAll(/[\\ ]/g, String.raw`\$&`);
