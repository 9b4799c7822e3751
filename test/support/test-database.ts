import postgres, { type Options, type PostgresType, type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import { nameDatabase } from './database.ts';
import { driver } from './drivers/chosen.ts';
import type { Client, ClientOptions as DriverOptions } from './drivers/driver.ts';
import { type FaultRelay, startFaultRelay } from './fault-relay.ts';
import { type Relay, type RelayOptions, startRelay } from './relay.ts';

/** The database of a test file. */
export interface TestDatabase {
  readonly url: string;
  /**
   * A postgres.js client of this database, or of `url`. It is ended after the test or the file that opened
   * it.
   */
  connect(options?: ClientOptions): Sql;
  /** A client of the driver under test, of this database or of `url`. It is ended as the other. */
  client(options?: DriverOptions & { readonly url?: string }): Client;
  /** A relay in front of this database. It is closed after the test or the file that started it. */
  relay(options?: Partial<RelayOptions>): Promise<Relay>;
  /** A relay in front of this database that stops at a given message. It is closed like the other relay. */
  faultRelay(target?: string): Promise<FaultRelay>;
}

export type ClientOptions = Options<Record<string, PostgresType>> & { url?: string };

/**
 * Called at the top of a test file. The file gets its own database, with the tables of `schema.ts`, all
 * empty. The file can make a client there too: it connects at its first query, when the database exists.
 */
export function useDatabase(): TestDatabase {
  const database = nameDatabase(inject('serverUrl'), inject('template'));
  const open: (() => Promise<void>)[] = [];
  /** `undefined` for a test that is skipped before it begins. */
  let openedBefore: number | undefined;

  const closeFrom = async (first: number) => {
    await Promise.all(open.splice(first).map((close) => close()));
  };

  beforeAll(() => database.create());
  beforeEach(() => {
    openedBefore = open.length;
  });
  afterEach(async () => {
    if (openedBefore !== undefined) await closeFrom(openedBefore);
    openedBefore = undefined;
  });
  afterAll(async () => {
    await closeFrom(0);
    await database.drop();
  });

  return {
    url: database.url,
    connect({ url = database.url, ...options } = {}) {
      const sql = postgres(url, { onnotice: () => {}, ...options });
      open.push(() => sql.end({ timeout: 1 }));
      return sql;
    },
    client({ url = database.url, ...options } = {}) {
      const client = driver.connect(url, options);
      open.push(() => driver.end(client));
      return client;
    },
    async relay(options) {
      const relay = await startRelay({ target: database.url, ...options });
      open.push(() => relay.close());
      return relay;
    },
    async faultRelay(target = database.url) {
      const relay = await startFaultRelay(target);
      open.push(() => relay.close());
      return relay;
    },
  };
}
