import { readFileSync } from 'node:fs';
import { messages, PGlite, type Results } from '@electric-sql/pglite';
import { drizzle, PgliteDatabase, PgliteTransaction } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { BatchedDatabase, BatchedTransaction, batchedDrizzle } from '../../../src/entry/pglite.ts';
import type { Client, Row, TestDriver } from './driver.ts';

const instanceOf = (client: Client): PGlite => client as unknown as PGlite;

const tables = readFileSync(new URL('../../../drizzle/0000_init.sql', import.meta.url), 'utf8');

/** PGlite has no server. Each database of the tests is an instance in memory, and all clients of it are that instance. */
const instances = new Map<string, PGlite>();

/** A start takes seconds, and a test's time is limited. */
const spare = [await makeInstance(), await makeInstance(), await makeInstance(), await makeInstance()];

async function makeInstance(): Promise<PGlite> {
  const instance = await PGlite.create();
  await instance.exec(tables);
  return instance;
}

const parsers = { 25: (given: string) => `~${given}`, 16: (given: string) => `is ${given}`, 23: Number };
const serializers = {
  25: (value: unknown) => `${value}~`,
  23: (value: unknown) => Number(value).toFixed(),
  16: (value: unknown) => (value ? 't' : 'f'),
};

const ownTypes = { parsers, serializers };

function comparable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('affectedRows' in value)) return value;
  const { rows, fields, ...rest } = value as unknown as Results;
  return { keys: Object.keys(value), ...rest, fields: fields.map((field) => JSON.stringify(field)), rows };
}

/** What the tests themselves read is read as ever. */
const plainParsers = { 16: (given: string) => given === 't', 23: Number, 25: (given: string) => given };

export const driver: TestDriver = {
  name: 'pglite',

  connect(url, { own }) {
    const key =
      url + JSON.stringify(own ?? {}, (_, value) => (typeof value === 'function' ? 'function' : value));
    const known = instances.get(key);
    if (known) return known as unknown as Client;
    const instance = spare.pop();
    if (!instance) throw new Error('no instance of PGlite is left for this file');
    instances.set(key, instance);
    const { parsers: read = {}, serializers: write = {} } = { ...own } as Partial<typeof ownTypes>;
    Object.assign(instance.parsers, read);
    Object.assign(instance.serializers, write);
    return instance as unknown as Client;
  },
  failing() {
    throw new Error('PGlite has no connections');
  },
  async end() {},
  async close() {},
  refusesWaiting: false,
  driverOf() {
    throw new Error('PGlite has no tests of its driver alone');
  },
  start: { side: 'client', words: /^$/ },
  closed: () => new Promise(() => {}),
  hold: async () => async () => {},
  async query(client, text) {
    const results = await instanceOf(client).exec(text, { parsers: plainParsers });
    return (results.at(-1)?.rows ?? []) as Row[];
  },

  drizzle: drizzle as never,
  batchedDrizzle: batchedDrizzle as never,
  reference: (client, config = {}) => drizzle(instanceOf(client), config) as never,
  connectionOf: (url) => ({ dataDir: url }),
  hostOf: () => undefined,
  mockClient: () => ({}) as unknown as Client,
  Database: PgliteDatabase,
  Transaction: PgliteTransaction,
  migrate: migrate as never,
  BatchedDatabase: BatchedDatabase as never,
  BatchedTransaction: BatchedTransaction as never,

  // No message is counted, for none leaves the process.
  describes: true,
  declaresTypes: false,
  sendsAhead: false,
  plainTrips: 0,
  tripsOfCopy: 0,
  tripsOfRefusal: 0,
  tripsOfBegin: 0,
  locksOfSavepoint: 0,
  begin: (modes) => ['begin', `set transaction ${modes}`],
  guard: { isMarked: false, begin: 'begin', alone: '', behind: '' },
  endsAtRawCommit: false,
  namesStatements: false,
  knowsKilled: true,
  copyTravels: false,
  endOfSessionIsAnswer: false,
  unlogged: ['begin', 'savepoint', 'commit'],
  resultsHaveStatement: false,
  isLoadedOtherwise: () => false,
  ofClasses: [new Map()],
  unsendable: Symbol('no text'),
  unwritable: Symbol('no text'),
  writtenBy: (text) => ({ toString: text }),

  DatabaseError: messages.DatabaseError as unknown as TestDriver['DatabaseError'],
  errorFields: ['schema', 'table', 'column', 'constraint', 'dataType', 'detail'],

  saysEnded: (error) => /PGlite is closed/.test((error as Error).message),
  errorOf: (fields) =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.replace(/_name$/, ''), value])),
  unwrapped: (error) => error as never,
  causeOfRelease: (error) => error,

  rowsOf: (result: unknown) => (result as Results).rows as never,
  countOf: (result) => (result as Results).affectedRows ?? 0,
  describeResult: comparable,
  comparable,

  noting: () => ({ own: {}, hooks: [] }),
  senders: {},
  otherOptions: {},
  poolerOptions: {},
  variants: {
    'of a client': { options: {}, takesUndefined: true },
    'of a client with serialisers and parsers of its own': {
      options: { own: { parsers, serializers } },
      takesUndefined: true,
    },
  },
  ownTypes,
};
