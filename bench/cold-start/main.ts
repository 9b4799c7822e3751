/**
 * `npm run start:check`: how long the library takes to load in a process that has loaded what a plain program does, and how
 * many bytes it reads for that.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import { machine } from '../method/environment.ts';
import { gzippedBytes } from './bytes.ts';

/** `ratio` is of the time that drizzle and its driver take. It varies less from machine to machine than milliseconds. */
const limits = { ratio: 0.35, gzippedKb: 37, coreKb: 30 };
const resultFile = new URL('../results/cold-start.json', import.meta.url);
const dist = new URL('../../dist/', import.meta.url);
const program = fileURLToPath(new URL('program.cjs', import.meta.url));

/** What a plain program loads, by the entry of the library. */
const entries = {
  index: ['drizzle-orm', 'drizzle-orm/pg-core', 'drizzle-orm/postgres-js', 'postgres'],
  'node-postgres': ['drizzle-orm', 'drizzle-orm/pg-core', 'drizzle-orm/node-postgres', 'pg'],
};

const entriesOfDrizzle1 = ['v1/index', 'v1/node-postgres'];

process.exitCode = main();

function main(): number {
  const { values } = parseArgs({ options: { starts: { type: 'string', default: '21' } } });
  const starts = Number(values.starts);
  if (!Number.isSafeInteger(starts) || starts < 1) {
    console.error('Usage: npm run start:check -- [--starts 21]');
    return 2;
  }
  const started = Object.entries(entries).flatMap(([entry, plain]) => [
    measure(entry, 'import', plain, starts),
    measure(entry, 'require', plain, starts),
  ]);
  for (const { entry, how, plainMs, ourMs } of started)
    console.log(`${how} of ${entry}: ${ourMs} ms beside ${plainMs} ms of drizzle and its driver`);
  const sizes = [...Object.keys(entries), ...entriesOfDrizzle1].map(sizeOf);
  for (const { entry, gzippedKb, coreKb } of sizes)
    console.log(`${entry}: ${gzippedKb} kB gzipped, of which the core is ${coreKb}`);
  const result = {
    format: 1,
    date: new Date().toISOString(),
    environment: machine(),
    starts,
    started,
    sizes,
    limits,
  };
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
  const tooSlow = started.filter(({ plainMs, ourMs }) => ourMs > limits.ratio * plainMs);
  for (const { entry, how } of tooSlow)
    console.log(`FAILS: ${how} of ${entry} is over ${limits.ratio} of plain`);
  const tooLarge = sizes.filter(
    ({ gzippedKb, coreKb }) => gzippedKb > limits.gzippedKb || coreKb > limits.coreKb,
  );
  for (const { entry } of tooLarge)
    console.log(`FAILS: ${entry} is over ${limits.gzippedKb} kB, or its core over ${limits.coreKb} kB`);
  return tooSlow.length + tooLarge.length > 0 ? 1 : 0;
}

interface Started {
  readonly entry: string;
  readonly how: string;
  /** Medians of single processes. */
  readonly plainMs: number;
  readonly ourMs: number;
}

function measure(
  entry: string,
  how: 'import' | 'require',
  plain: readonly string[],
  starts: number,
): Started {
  const file = new URL(how === 'import' ? `${entry}.js` : `${entry}.cjs`, dist);
  const run = (): { plainMs: number; ourMs: number } =>
    JSON.parse(
      execFileSync(process.execPath, [program, how, fileURLToPath(file), ...plain], { encoding: 'utf8' }),
    );
  // The first one finds the files outside of the system's cache.
  run();
  const times = Array.from({ length: starts }, run);
  return {
    entry,
    how,
    plainMs: middle(times.map(({ plainMs }) => plainMs)),
    ourMs: middle(times.map(({ ourMs }) => ourMs)),
  };
}

/** What a program reads when it imports an entry, in kB. */
interface Size {
  readonly entry: string;
  readonly gzippedKb: number;
  /** What all entries share. */
  readonly coreKb: number;
}

function sizeOf(entry: string): Size {
  const bytes = gzippedBytes(new URL(`${entry}.js`, dist));
  const core = [...bytes].filter(([file]) => file.endsWith('shared/core.js'));
  const sum = (files: Iterable<[string, number]>): number =>
    Math.round([...files].reduce((sum, [, size]) => sum + size, 0) / 100) / 10;
  return { entry, gzippedKb: sum(bytes), coreKb: sum(core) };
}

function middle(times: readonly number[]): number {
  return Math.round(median(times.toSorted((one, other) => one - other)) * 10) / 10;
}
