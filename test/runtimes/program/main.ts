/** The program as a process: `main.mjs <driver> <run>`. It ends by itself. */
import type { Run } from './run-steps.ts';

const drivers: Readonly<Record<string, () => Promise<(run: Run) => Promise<void>>>> = {
  'postgres-js': async () => (await import('./postgres-js.ts')).runOnPostgresJs,
  'node-postgres': async () => (await import('./node-postgres.ts')).runOnNodePostgres,
};
const [, , driver = '', run = ''] = process.argv;
const load = drivers[driver];
if (!load) throw new Error(`the driver must be one of ${Object.keys(drivers).join(', ')}, and not ${driver}`);

const runOn = await load();
await runOn(JSON.parse(run));
