// A worker thread and a child process, each with a statement of its own beside that of the program.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';
import pg from 'pg';

const client = new pg.Client(process.env.DATABASE_URL);
await client.connect();
// statement:
await client.query('select 1');
await client.end();
if (isMainThread && process.argv[2] !== 'child') {
  const worker = new Worker(new URL(import.meta.url));
  await new Promise((ended) => worker.once('exit', ended));
  execFileSync(process.execPath, [fileURLToPath(import.meta.url), 'child']);
}
