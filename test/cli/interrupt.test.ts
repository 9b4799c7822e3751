import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { count, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { expect, test } from 'vitest';
import { schemaFile, startCommand, untilEnd } from '../support/run-command.ts';
import { logs } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s rolls back what has been written, and ends with exit code %i', async (signal, exitCode) => {
  const check = drizzle(database.connect());
  const child = startCommand(['load', '--schema', schemaFile, '--table', 'logs', '--url', database.url]);
  const ended = untilEnd(child);
  child.stdin?.write('level,message\n');
  child.stdin?.write('info,a line of a log that has no end\n'.repeat(200_000));
  // Uncommitted rows are invisible to other connections. Only the size of the table shows them.
  await until(async () => {
    const [row] = await check.execute<{ size: string }>(sql`select pg_relation_size('logs') as size`);
    return Number(row?.size) > 0;
  });

  child.kill(signal);
  const { code, stderr } = await ended;
  expect(stderr).toBe(`batched-drizzle-cli: interrupted by ${signal}; nothing is written\n`);
  expect(code).toBe(exitCode);
  expect(await check.select({ rows: count() }).from(logs)).toEqual([{ rows: 0 }]);
  await check.execute(sql`vacuum full logs`);
});

test('SIGINT ends the waiting for a stdin that gives nothing more', async () => {
  const child = startCommand([
    'load',
    ...['--schema', schemaFile, '--table', 'logs', '--dry-run', '--on-error', 'skip', '--chunk-rows', '100'],
  ]);
  const ended = untilEnd(child);
  child.stdin?.write(`level,message\ninfo\n${'info,a line of a log\n'.repeat(5_000)}`);
  // The output shows that the first row has been read.
  await once(child.stderr as Readable, 'data');
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect(stderr).toMatch(/\nbatched-drizzle-cli: interrupted by SIGINT; nothing is written\n$/);
  expect(code).toBe(130);
});

test('SIGINT keeps what --commit-every has committed, and the message says how much', async () => {
  const check = drizzle(database.connect());
  const arguments_ = ['load', '--schema', schemaFile, '--table', 'logs', '--url', database.url];
  const child = startCommand([...arguments_, '--commit-every', '1000', '--chunk-rows', '100']);
  const ended = untilEnd(child);
  child.stdin?.write('level,message\n');
  child.stdin?.write('info,a line of a log that has no end\n'.repeat(5_500));
  const written = async () => (await check.select({ rows: count() }).from(logs))[0]?.rows;
  await until(async () => (await written()) === 5_000);

  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect(stderr).toBe('batched-drizzle-cli: interrupted by SIGINT; committed before: 5,000 rows\n');
  expect(code).toBe(130);
  expect(await written()).toBe(5_000);
  await check.delete(logs);
});

test('a reader of its output that goes away does not fail the load', async () => {
  const child = startCommand(['load', '--schema', schemaFile, '--table', 'logs', '--url', database.url]);
  child.stdout?.destroy();
  child.stdin?.end('level,message\ninfo,one\n');
  const { code, stderr } = await untilEnd(child);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('a reader of its output that goes away does not keep it', async () => {
  const child = startCommand(['--version']);
  child.stdout?.destroy();
  expect((await once(child, 'exit'))[0]).not.toBeNull();
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('It never came to be so');
}
