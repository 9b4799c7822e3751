/**
 * `npm run load:check`: loads a file of users by the command and by `\copy`, in turns, and checks the
 * results.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { makeTables } from '../../cli/src/make-tables.ts';
import * as schema from '../../examples/schema.ts';
import { writeUsers } from '../../examples/users-file.ts';
import { createDatabase } from '../../test/support/database.ts';
import { startServer } from '../../test/support/server.ts';
import { median } from '../median.ts';
import { machine } from '../method/environment.ts';
import { type Check, checkBadLine, checkRows } from './checks.ts';
import { runLoad } from './command.ts';
import { findCopy } from './copy.ts';

const limits = { peakMb: 120, ratio: 0.9 };
const resultFile = new URL('../results/load.json', import.meta.url);

interface Round {
  readonly commandMs: number;
  readonly copyMs: number;
  readonly peakMb: number;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { rows: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } },
  });
  const [rows, rounds] = [Number(values.rows), Number(values.rounds)];
  if (![rows, rounds].every((value) => Number.isSafeInteger(value) && value > 0)) {
    console.error('Usage: npm run load:check -- [--rows 1000000] [--rounds 5]');
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'batched-drizzle-load-'));
  const server = await startServer();
  try {
    const file = join(folder, 'users.csv');
    console.log(`Writing ${rows.toLocaleString('en')} users …`);
    await writeUsers(file, rows);
    const database = await createDatabase(server.url);
    const client = postgres(database.url, { onnotice: () => {} });
    try {
      await makeTables(client, schema);
      return await check(client, database.url, server.kind, { file, rows, rounds });
    } finally {
      await client.end({ timeout: 1 });
      await database.drop();
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

interface Given {
  readonly file: string;
  readonly rows: number;
  readonly rounds: number;
}

async function check(client: Sql, url: string, server: string, given: Given): Promise<number> {
  const { file, rows } = given;
  const copy = await findCopy();
  const environment = { ...machine(), postgres: await serverVersion(client), server };
  const measured: Round[] = [];
  const copied = async () => {
    await client`truncate users restart identity`;
    return (await copy.run(url, file)).ms;
  };
  for (let round = 0; round < given.rounds; round++) {
    // By turns, since the server has the log of the first to write out while the second is at work. The rows of the last
    // command are checked.
    const copiesFirst = (given.rounds - round) % 2 === 1;
    let copyMs = copiesFirst ? await copied() : 0;
    await client`truncate users restart identity`;
    const { code, stderr, ms, peakMb } = await runLoad(url, file);
    if (code !== 0) throw new Error(`The command ended with ${code}: ${stderr}`);
    if (!copiesFirst) copyMs = await copied();
    measured.push({ commandMs: Math.round(ms), copyMs: Math.round(copyMs), peakMb: round1(peakMb) });
    console.log(
      `round ${round + 1}: command ${round1(ms / 1e3)} s, ${copy.how} ${round1(copyMs / 1e3)} s, peak ${round1(peakMb)} MB`,
    );
  }
  const [commandMs, copyMs] = [medianOf(measured, 'commandMs'), medianOf(measured, 'copyMs')];
  const peakMb = Math.max(...measured.map((round) => round.peakMb));
  const ratio = Math.round((copyMs / commandMs) * 100) / 100;
  const checks: Check[] = [
    await checkRows(client, file),
    ...(await checkBadLine(url, client, file, rows)),
    {
      what: `the process has less than ${limits.peakMb} MB`,
      holds: peakMb < limits.peakMb,
      found: `${peakMb} MB`,
    },
    { what: `as fast as ${limits.ratio} of ${copy.how}`, holds: ratio >= limits.ratio, found: `${ratio}` },
  ];
  for (const { what, holds, found } of checks)
    console.log(`${holds ? 'holds' : 'FAILS'}: ${what} (${found})`);
  const result = {
    format: 1,
    date: new Date().toISOString(),
    environment,
    rows,
    fileBytes: statSync(file).size,
    comparedWith: copy.how,
    rounds: measured,
    commandRowsPerSecond: Math.round((rows * 1_000) / commandMs),
    copyRowsPerSecond: Math.round((rows * 1_000) / copyMs),
    ratio,
    peakMb,
    checks,
  };
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
  return checks.every(({ holds }) => holds) ? 0 : 1;
}

async function serverVersion(client: Sql): Promise<string> {
  const [row] = await client`show server_version`;
  return row?.server_version as string;
}

function medianOf(rounds: readonly Round[], key: 'commandMs' | 'copyMs'): number {
  return median(rounds.map((round) => round[key]).toSorted((one, other) => one - other));
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
