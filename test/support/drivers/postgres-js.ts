import net, { type Socket } from 'node:net';
import { drizzle, PostgresJsDatabase, PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres, { type RowList, type Sql } from 'postgres';
import { BatchedDatabase, BatchedTransaction, batchedDrizzle } from '../../../src/index.ts';
import { PostgresJsDriver } from '../../../src/postgres-js/driver.ts';
import { atEndOfTurnIf } from '../../../src/take/schedule.ts';
import type { Client, Row, TestDriver } from './driver.ts';

const sqlOf = (client: Client): Sql => client as unknown as Sql;

/** Serialisers and parsers for types that the server reports and for types that postgres.js declares. */
const types = {
  text: {
    to: 25,
    from: [25],
    serialize: (value: unknown) => `${value}~`,
    parse: (given: string) => `~${given}`,
  },
  int: { to: 23, from: [23], serialize: (value: unknown) => Number(value).toFixed(), parse: Number },
  flag: {
    to: 16,
    from: [16],
    serialize: (value: unknown) => (value ? 't' : 'f'),
    parse: (given: string) => `is ${given}`,
  },
};

/** Texts and numbers as these clients write and read them. A number is another object each time, and equal to itself. */
const ownTypes = {
  text: types.text,
  varchar: { to: 1043, from: [1043], serialize: (value: unknown) => `${value}~`, parse: String },
  int: types.int,
  uuid: { to: 2950, from: [2950], serialize: (value: string) => value.toUpperCase(), parse: String },
};

export const driver: TestDriver = {
  name: 'postgres-js',

  connect(url, { own, connection, onSocket, ...options }) {
    const sql = postgres(url, {
      onnotice: () => {},
      ...options,
      ...(connection && { connection }),
      ...(onSocket && { socket: socketFor(onSocket) }),
      ...own,
    } as never);
    return sql as unknown as Client;
  },
  failing(error) {
    const options = { max: 1, backoff: 0, socket: () => Promise.reject(error()) };
    return postgres('postgres://x@127.0.0.1:1/x', options as object) as unknown as Client;
  },
  end: (client, timeout = 1) => sqlOf(client).end({ timeout }),
  close: (client) => sqlOf(client).end(),
  // An async function would send it later, and settle later.
  query: (client, text) => {
    const query = sqlOf(client).unsafe(text) as ReturnType<Sql['unsafe']> & { state?: object };
    // What was never sent is rejected with an error of the session before, which says nothing of this query.
    return query.then(lastOf, (error) => {
      throw error.severity && !query.state ? new Error('never sent', { cause: error }) : error;
    });
  },
  driverOf: (client) => new PostgresJsDriver(sqlOf(client), false, atEndOfTurnIf),
  // It asks for the types of arrays.
  start: { side: 'client', words: /typarray/ },
  closed: (client) => new Promise((resolve) => Object.assign(sqlOf(client).options, { onclose: resolve })),

  refusesWaiting: true,
  hold(client) {
    return new Promise((taken, failed) => {
      const holding = sqlOf(client).begin(
        () =>
          new Promise<void>((release) => {
            taken(() => {
              release();
              return holding;
            });
          }),
      );
      holding.catch(failed);
    });
  },

  drizzle: drizzle as never,
  batchedDrizzle: batchedDrizzle as never,
  reference: (client, config = {}) => drizzle(sqlOf(client), config),
  connectionOf: (url) => ({ url, max: 1 }),
  hostOf: (client) => sqlOf(client).options.host[0],
  mockClient: () => ({ options: { parsers: {}, serializers: {} } }) as unknown as Client,
  Database: PostgresJsDatabase,
  Transaction: PostgresJsTransaction,
  migrate: migrate as never,
  BatchedDatabase,
  BatchedTransaction,

  describes: true,
  declaresTypes: true,
  sendsAhead: true,
  plainTrips: 2,
  tripsOfCopy: 1,
  tripsOfRefusal: 0,
  tripsOfBegin: 1,
  // It releases none.
  locksOfSavepoint: 1,
  begin: (modes) => ['begin', `set transaction ${modes}`],
  guard: {
    isMarked: true,
    begin: "begin; set local batched_drizzle.t = '1'",
    alone: ' returning <guard>',
    behind: ', <guard>',
  },
  endsAtRawCommit: true,
  namesStatements: false,
  knowsKilled: false,
  copyTravels: false,
  endOfSessionIsAnswer: false,
  unlogged: ['begin', 'savepoint', 'commit'],
  resultsHaveStatement: true,
  isLoadedOtherwise: () => false,
  ofClasses: [new String('boxed'), new Map(), /re/, new Error('e')],
  unsendable: Symbol('no text'),
  // drizzle leaves dates to the client as they are.
  unwritable: new Date(Number.NaN),
  writtenBy: (text) => ({ toString: text }),

  DatabaseError: postgres.PostgresError,
  errorFields: ['schema_name', 'table_name', 'column_name', 'constraint_name'],
  saysEnded: (error) => (error as { code?: string }).code === 'CONNECTION_ENDED',
  errorOf: (fields) => fields,
  unwrapped: (error) => error as never,
  causeOfRelease: (error) => error,

  rowsOf: (result: unknown) => result as never,
  countOf: (result) => (result as { count: number }).count,
  describeResult,
  comparable: (value) => value,

  noting(note) {
    const amount = {
      to: 1700,
      from: [1700],
      serialize: (value: string) => note('serialize', value),
      parse: (value: string) => note('parse', value),
    };
    const debug = (_: number, query: string, parameters: unknown[]) =>
      void note('debug', [query, parameters]);
    return { own: { types: { amount }, debug }, hooks: ['serialize', 'parse', 'debug'] };
  },
  senders: {
    'that prepares nothing': { prepare: false },
    'that fetches no types': { fetch_types: false },
    'that prepares nothing and fetches no types': { prepare: false, fetch_types: false },
  },
  otherOptions: {
    'that shows its statements': { debug: true },
    'that names columns otherwise': { transform: postgres.camel },
  },
  poolerOptions: { 'prepares nothing': { prepare: false }, 'fetches no types': { fetch_types: false } },
  variants: {
    'of a client': { options: {}, takesUndefined: false },
    'of a client with serialisers and parsers of its own': {
      options: { own: { types } },
      takesUndefined: false,
    },
    'of a client that turns undefined into null, and names columns otherwise': {
      options: { own: { transform: { undefined: null, column: { from: (name: string) => `_${name}` } } } },
      takesUndefined: true,
    },
    'of a client that prepares nothing, and shows its statements in errors': {
      options: { own: { prepare: false, debug: () => {} } },
      takesUndefined: false,
    },
  },
  ownTypes: { types: ownTypes },
};

/** The option of postgres.js for sockets of the caller's. */
function socketFor(onSocket: (socket: Socket) => void) {
  return ({ host: [host], port: [port] }: { host: [string]; port: [number] }): Socket => {
    const socket = Object.assign(net.connect(port, host), { host, port });
    onSocket(socket);
    return socket;
  };
}

function describeResult(result: unknown): object {
  const { statement, columns, state, command, count, length } = result as RowList<never[]>;
  return {
    class: (result as object).constructor.name,
    isArray: Array.isArray(result),
    keys: Object.keys(result as object),
    properties: Object.getOwnPropertyNames(result).toSorted(),
    count,
    command,
    length,
    columns,
    state: Object.keys(state).toSorted(),
    statement: Object.keys(statement).toSorted(),
  };
}

/** postgres.js gives an array of results for several statements. */
function lastOf(result: readonly unknown[]): Row[] {
  const last = result.at(-1);
  return (Array.isArray(last) ? last : result) as Row[];
}
