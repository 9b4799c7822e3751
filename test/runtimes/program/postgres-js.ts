import { batchedDrizzle } from 'batched-drizzle';
import postgres from 'postgres';
import { type Run, runSteps } from './run-steps.ts';

/** The program on postgres.js. */
export async function runOnPostgresJs(run: Run): Promise<void> {
  const client = postgres(run.url, { max: 4 });
  await runSteps(batchedDrizzle(client), run);
  await client.end();
}
