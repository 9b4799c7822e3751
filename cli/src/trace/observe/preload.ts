/**
 * Loaded ahead of a program by `--import`, in each of its processes and threads. The wire is observed exactly; places are
 * found as far as the program's drivers are known.
 */
import { receiver, type Watched } from './driver-files.ts';
import { environment } from './environment.ts';
import { Places } from './places.ts';
import { Recorder } from './recorder.ts';
import { Watch } from './watch.ts';
import { watchDrizzleBuilders } from './watch-drizzle.ts';
import { watchFlushes } from './watch-flushes.ts';
import { watchModules } from './watch-modules.ts';
import { watchPgClient, watchPgPool } from './watch-pg.ts';
import { watchPostgresQuery } from './watch-postgres.ts';
import { watchSockets } from './watch-sockets.ts';

const folder = process.env[environment.folder];
const key = Symbol.for(receiver);
if (folder !== undefined && !(key in globalThis)) observe(folder);

function observe(folder: string): void {
  const recorder = new Recorder(folder);
  recorder.record({ kind: 'process', pid: process.pid, cwd: process.cwd() });
  const skipped = JSON.parse(process.env[environment.skip] ?? '[]');
  const places = new Places((line) => recorder.record(line), skipped);
  const watch = new Watch(places);
  watchFlushes(places);
  watchSockets(recorder);
  Object.defineProperty(globalThis, key, { value: receive(watch) });
  watchModules();
}

function receive(watch: Watch): Record<Watched, (found: never) => void> {
  return {
    postgresQuery: (found) => watchPostgresQuery(found, watch),
    pgClient: (found) => watchPgClient(found, watch),
    pgPool: (found) => watchPgPool(found, watch),
    drizzleBuilders: (found) => watchDrizzleBuilders(found, watch),
  };
}
