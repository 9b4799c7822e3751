import { writeFileSync } from 'node:fs';
import postgres from 'postgres';
import { drawPage, type Run } from '../../cli/src/trace/page/page.ts';
import { createDatabase, migrateDatabase } from '../../test/support/database.ts';
import { startRelay } from '../../test/support/relay.ts';
import { startServer } from '../../test/support/server.ts';
import { type DemoOptions, htmlFile, readArgs, usage } from './args.ts';
import { type Measurement, measure } from './measure.ts';
import { drawPicture } from './picture.ts';
import { runProgram } from './program.ts';
import { report } from './report.ts';
import { sides } from './sides.ts';
import { traceSides } from './trace-sides.ts';

process.exitCode = await runProgram(usage, async (signal) => {
  const options = readArgs(process.argv.slice(2));
  if (options === 'help') console.log(usage.trimEnd());
  else await demo(options, signal);
  return 0;
});

async function demo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  console.log('Starting PostgreSQL …');
  const server = await startServer();
  try {
    const database = await createDatabase(server.url);
    try {
      await migrateDatabase(database.url);
      await run(options, server.kind, database.url, signal);
    } finally {
      await database.drop();
    }
  } finally {
    await server.stop();
  }
}

async function run(
  { users, latency, mode, html, picture }: DemoOptions,
  kind: string,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  const relay = await startRelay({ target: url, delay: Math.ceil(latency / 2) });
  const direct = postgres(url);
  try {
    console.log(
      `Users: ${users}, each with two addresses, in one transaction, at ${latency} ms a round trip (${kind}).\n` +
        'Each side has written two others before, on the same connection, which is not measured.\n',
    );
    const chosen = sides.filter((side) => mode === 'both' || side.batched === (mode === 'batched'));
    const measurements: Measurement[] = [];
    for (const side of chosen) {
      measurements.push(await measure(side, users, relay, direct, signal));
    }
    console.log(report(measurements, mode === 'both' ? measurements[0] : undefined));
    console.log('\nEvery id that was given back was found on the row that it was given for.');
    if (!html && picture === undefined) return;
    console.log('\nEach side writes again, and is traced …');
    const runs = await traceSides(chosen, users, relay.url);
    if (picture !== undefined) writeFileSync(picture, drawPicture([runs.at(0), runs.at(-1)].filter(isRun)));
    if (!html) return;
    writeFileSync(htmlFile, drawPage(runs));
    console.log(`Open ${htmlFile} in a browser: each round trip is a bar.`);
  } finally {
    await direct.end({ timeout: 1 });
    await relay.close();
  }
}

function isRun(run: Run | undefined): run is Run {
  return run !== undefined;
}
