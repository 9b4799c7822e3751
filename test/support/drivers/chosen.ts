/** The driver that this run tests. Test files take `drizzle` and `batchedDrizzle` from here. */
import { inject } from 'vitest';
import type { TestDriver } from './driver.ts';
import type { DriverName } from './names.ts';

const files: Readonly<Record<DriverName, () => Promise<{ driver: TestDriver }>>> = {
  'postgres-js': () => import('./postgres-js.ts'),
  'node-postgres': () => import('./node-postgres.ts'),
  pglite: () => import('./pglite.ts'),
};

export const { driver } = await files[inject('driver') ?? 'postgres-js']();
export const {
  drizzle,
  batchedDrizzle,
  BatchedDatabase,
  BatchedTransaction,
  rowsOf,
  countOf,
  errorOf,
  describeResult,
} = driver;
