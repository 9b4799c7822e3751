import { parseArgs } from 'node:util';
import { batchedDrizzle } from 'batched-drizzle';
import postgres from 'postgres';
import { makeTables } from '../cli/src/make-tables.ts';
import { createDatabase } from '../test/support/database.ts';
import { startServer } from '../test/support/server.ts';
import { csv } from './csv.ts';
import { dicts } from './dicts.ts';
import { driver } from './driver.ts';
import type { Example } from './example.ts';
import { objects } from './objects.ts';
import * as schema from './schema.ts';

const examples: Record<string, { readonly run: Example; readonly count: number }> = {
  dicts: { run: dicts, count: 1_000 },
  objects: { run: objects, count: 1_000 },
  csv: { run: csv, count: 1_000_000 },
  driver: { run: driver, count: 1_000_000 },
};

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { count: { type: 'string' } },
    allowPositionals: true,
  });
  const example = examples[positionals[0] ?? ''];
  const count = Number(values.count ?? example?.count);
  if (!example || !Number.isSafeInteger(count) || count < 1) {
    console.error(`Usage: npm run example -- <${Object.keys(examples).join('|')}> [--count <users>]`);
    return 2;
  }
  const server = await startServer();
  const database = await createDatabase(server.url);
  const client = postgres(database.url, { onnotice: () => {} });
  try {
    await makeTables(client, schema);
    console.log(await example.run({ db: batchedDrizzle(client), count }));
    return 0;
  } finally {
    await client.end({ timeout: 1 });
    await database.drop();
    await server.stop();
  }
}
