import postgres, { type Options, type Sql } from 'postgres';
import { afterAll, beforeAll, inject } from 'vitest';
import { nameDatabase } from '../support/database.ts';
import '../support/global-setup.ts';

/** Called at the top of a test file, which gets a database of its own, with the tables of `schema.ts`, and a client of it. */
export function useClient(options: Options<Record<string, never>> = {}): Sql {
  const database = nameDatabase(inject('serverUrl'), inject('template'));
  const client = postgres(database.url, { onnotice: () => {}, ...options });
  beforeAll(() => database.create());
  afterAll(async () => {
    await client.end({ timeout: 1 });
    await database.drop();
  });
  return client;
}
