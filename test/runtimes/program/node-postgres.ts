import { batchedDrizzle } from 'batched-drizzle/node-postgres';
import { Pool } from 'pg';
import { type Run, runSteps } from './run-steps.ts';
import type { Database } from './steps.ts';

/** The program on node-postgres. */
export async function runOnNodePostgres(run: Run): Promise<void> {
  const pool = new Pool({ connectionString: run.url, max: 4 });
  // The steps do not look at what only one of the drivers returns.
  await runSteps(batchedDrizzle(pool) as unknown as Database, run);
  await pool.end();
}
