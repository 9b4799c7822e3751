import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type PgBouncer, type PoolMode, pgBouncerProgram, startPgBouncer } from './pgbouncer.ts';
import type { TestDatabase } from './test-database.ts';

/**
 * Called at the top of a test file. Gives access to the same database through a PgBouncer with `poolSize`
 * connections to the server. If PgBouncer is not installed, the tests of the file are skipped.
 */
export function usePooler(
  database: TestDatabase,
  poolSize: number,
  mode: PoolMode = 'transaction',
): TestDatabase {
  let pooler: PgBouncer | undefined;
  const url = (): string => {
    if (!pooler) throw new Error('PgBouncer has not been started');
    return pooler.url;
  };

  beforeAll(async () => {
    if (pgBouncerProgram) pooler = await startPgBouncer(pgBouncerProgram, database.url, poolSize, mode);
  });
  beforeEach(({ skip }) => skip(!pgBouncerProgram, 'PgBouncer is not installed'));
  afterAll(() => pooler?.stop());

  return {
    get url() {
      return url();
    },
    connect: (options) => database.connect({ url: url(), ...options }),
    client: (options) => database.client({ url: url(), ...options }),
    relay: (options) => database.relay({ target: url(), ...options }),
    faultRelay: (target = url()) => database.faultRelay(target),
  };
}
