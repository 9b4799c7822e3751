import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { BatchedDatabase, BatchedTransaction, batchedDrizzle } from '../../../src/index.ts';
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

  connect(url, { own, connection, ...options }) {
    const sql = postgres(url, {
      onnotice: () => {},
      ...options,
      ...(connection && { connection }),
      ...own,
    } as never);
    return sql as unknown as Client;
  },
  end: (client) => sqlOf(client).end({ timeout: 1 }),
  async query(client, text) {
    const result = await sqlOf(client).unsafe(text);
    return lastOf(result);
  },

  drizzle: (client, config = {}) => drizzle(sqlOf(client), config),
  batchedDrizzle: (client, config = {}) => batchedDrizzle(sqlOf(client), config),
  reference: (client, config = {}) => drizzle(sqlOf(client), config),
  BatchedDatabase,
  BatchedTransaction,

  DatabaseError: postgres.PostgresError,
  errorFields: ['schema_name', 'table_name', 'column_name', 'constraint_name'],

  rowsOf: (result) => result as Row[],
  countOf: (result) => (result as { count: number }).count,
  comparable: (value) => value,

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

/** postgres.js gives an array of results for several statements. */
function lastOf(result: readonly unknown[]): Row[] {
  const last = result.at(-1);
  return (Array.isArray(last) ? last : result) as Row[];
}
