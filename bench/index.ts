import { cpus } from 'node:os';
import { createDatabase, migrateDatabase } from '../test/support/database.ts';
import { type Server, startServer } from '../test/support/server.ts';
import { type BenchOptions, readArgs, usage } from './args.ts';
import { UsageError } from './demo/args.ts';
import { WrongRows } from './demo/verify.ts';
import { flushBench } from './flush.bench.ts';
import { queueBench } from './queue.bench.ts';
import { table } from './table.ts';
import { writeBench } from './write.bench.ts';

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readArgs(process.argv.slice(2));
    if (options === 'help') console.log(usage.trimEnd());
    else await bench(options);
    return 0;
  } catch (error) {
    if (interruption.signal.aborted) return 130;
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage.trimEnd()}`);
      return 2;
    }
    console.error(error instanceof WrongRows ? `Wrong rows: ${error.message}` : error);
    return 1;
  }
}

async function bench({ quick }: BenchOptions): Promise<void> {
  const { signal } = interruption;
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);
  console.log(`${table(await queueBench({ rounds: quick ? 20 : 200, runs: 5, signal }))}\n`);
  console.log(`${table(await writeBench({ rounds: quick ? 20 : 200, runs: 5, signal }))}\n`);
  console.log('Starting PostgreSQL …');
  const server = await startServer();
  try {
    await onServer(server, quick, signal);
  } finally {
    await server.stop();
  }
}

async function onServer(server: Server, quick: boolean, signal: AbortSignal): Promise<void> {
  const database = await createDatabase(server.url);
  try {
    await migrateDatabase(database.url);
    const comparison = await flushBench(database.url, { rounds: quick ? 30 : 300, runs: 1, signal });
    console.log(`${table(comparison)}\n\n${server.kind}; every id that was given back was found on its row.`);
  } finally {
    await database.drop();
  }
}
