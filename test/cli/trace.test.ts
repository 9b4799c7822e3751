import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { untilEnd, useFolder } from '../support/run-command.ts';
import { useDatabase } from '../support/test-database.ts';
import { startTlsFront } from '../support/tls-front.ts';
import { lineAt, linesOf, placeIn, useTraceCommand } from '../support/trace-command.ts';

const database = useDatabase();
const trace = useTraceCommand();
const files = useFolder();

vi.setConfig({ testTimeout: 60_000 });

const nodeWithTsx = ['--import', 'tsx'];
// What the repository has as sources is no package, though it is no part of the program either.
const skipSources = ['--skip', '/src/'];

describe('a trace has the trips that a relay counts, and their lines:', () => {
  test('a loop of plain drizzle on postgres.js, in an ES module', async () => {
    const relay = await database.relay();
    const { code, summary } = await trace.run('loop.mjs', { url: relay.url });
    expect({ code, trips: summary.trips, statements: summary.statements }).toEqual({
      code: 0,
      trips: relay.trips,
      statements: 20,
    });
    expect(linesOf(summary)).toEqual({
      [placeIn('loop.mjs', 'loop')]: [40, 20],
      [placeIn('loop.mjs', 'transaction')]: [2, 0],
    });
  });

  test('plain drizzle on pg, and its pool, in CommonJS', async () => {
    const relay = await database.relay();
    const { summary } = await trace.run('pool.cjs', { url: relay.url });
    expect(summary.trips).toBe(relay.trips);
    expect(linesOf(summary)).toEqual({
      [placeIn('pool.cjs', 'helper')]: [3, 3],
      [placeIn('pool.cjs', 'transaction')]: [2, 0],
      [placeIn('pool.cjs', 'together')]: [3, 3],
      [placeIn('pool.cjs', 'literal')]: [2, 2],
    });
  });

  test('TypeScript by tsx', async () => {
    const relay = await database.relay();
    const { summary } = await trace.run('typed.ts', { url: relay.url, node: nodeWithTsx });
    expect(summary.trips).toBe(relay.trips);
    expect(linesOf(summary)).toEqual({ [placeIn('typed.ts', 'loop')]: [6, 3] });
  });

  test.each([
    ['ours.ts', 11],
    ['ours-on-pg.ts', 10],
  ] as const)('this library, whose transaction is one trip: %s', async (program, statements) => {
    // Without a delay the relay may count a flight as several trips.
    const relay = await database.relay({ delay: 5 });
    const options = { url: relay.url, node: nodeWithTsx, options: skipSources };
    const { summary } = await trace.run(program, options);
    expect({ trips: summary.trips, statements: summary.statements }).toEqual({
      trips: relay.trips,
      statements: statements + 2,
    });
    const [place, alone] = ['queued', 'alone'].map((mark) => placeIn(program, mark));
    const transactions = summary.groups.filter(({ kind }) => kind === 'transaction');
    expect(transactions).toMatchObject([{ place, transactions: 1, trips: 1, statements }]);
    expect(lineAt(summary, alone ?? '')).toMatchObject({ trips: 1, statements: 1 });
  });

  test('drizzle-seed on plain drizzle, whose own lines are named, since none of the program is on the stack', async () => {
    const relay = await database.relay();
    const { code, summary } = await trace.run('seed.mjs', { url: relay.url });
    expect({ code, trips: summary.trips }).toEqual({ code: 0, trips: relay.trips });
    const { [placeIn('seed.mjs', 'create')]: created, ...others } = linesOf(summary);
    expect(created).toEqual([1, 1]);
    expect(Object.keys(others)).toEqual([expect.stringMatching(/^node_modules\/drizzle-seed\/.*:\d+$/)]);
    expect(Object.values(others)).toEqual([[relay.trips - 1, 1]]);
  });

  test('COPY, a cursor, a failure and a pipeline', async () => {
    const relay = await database.relay({ delay: 2 });
    const { code, summary } = await trace.run('turns.mjs', { url: relay.url });
    expect(code).toBe(0);
    expect(summary.trips).toBe(relay.trips);
    expect(linesOf(summary)).toMatchObject({
      [placeIn('turns.mjs', 'copy in')]: [2, 1],
      [placeIn('turns.mjs', 'copy out')]: [1, 1],
      [placeIn('turns.mjs', 'cursor')]: [5, 1],
      [placeIn('turns.mjs', 'failure')]: [1, 1],
      [placeIn('turns.mjs', 'pipeline')]: [1, 4],
    });
  });

  test('a worker thread and a child process', async () => {
    const relay = await database.relay();
    const { summary } = await trace.run('threads.mjs', { url: relay.url });
    expect({ trips: summary.trips, processes: summary.processes }).toEqual({
      trips: relay.trips,
      processes: 3,
    });
    expect(linesOf(summary)).toEqual({ [placeIn('threads.mjs', 'statement')]: [3, 3] });
  });

  test.each(['forks', 'threads'])('tests of Vitest in %s, with fake timers', async (pool) => {
    const relay = await database.relay();
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', 'test/support/traced'];
    const options = ['--config', 'vitest.config.mjs', '--pool', pool];
    const { code, summary } = await trace.runAny([process.execPath, ...vitest, ...options], {
      url: relay.url,
    });
    expect({ code, trips: summary.trips }).toEqual({ code: 0, trips: relay.trips });
    expect(linesOf(summary)).toEqual({ [placeIn('in-vitest.mjs', 'loop')]: [5, 5] });
  });
});

describe('the report', () => {
  test('shows each line with its trips, and what could be saved, on stderr', async () => {
    const { stdout, stderr } = await trace.run('loop.mjs', { url: database.url });
    expect(stdout).toBe('');
    const at = (mark: string) => placeIn('loop.mjs', mark);
    const head =
      /^\n42 round trips to PostgreSQL, [\d.]+ ms waited, and \d+ trips to connect\n\nTransaction at /;
    expect(stderr).toMatch(head);
    expect(stderr).toContain(`Transaction at ${at('transaction')}: 20 statements, 42 trips, `);
    expect(stderr).toMatch(new RegExp(`^ +40 +20 +[\\d.]+  ${at('loop')}  insert into organizations$`, 'm'));
    expect(stderr).toContain(
      '- 20 one after another, each awaited before the next: 40 trips, 1 would be left if they were issued and sent together\n',
    );
    expect(stderr).toContain('- 20 trips beside the first of a statement: its description, ');
    expect(stderr).toContain('- 2 trips for BEGIN, COMMIT or a savepoint alone\n');
    expect(stderr).toContain('Promise.all alone saves nothing with drizzle on postgres.js');
  });

  test('names the callers of a helper, and tells a loop from what is issued together', async () => {
    const { summary } = await trace.run('pool.cjs', { url: database.url });
    const at = (mark: string) => lineAt(summary, placeIn('pool.cjs', mark));
    expect(at('helper')?.callers[0]?.chain).toContain(placeIn('pool.cjs', 'caller'));
    expect(at('helper')?.savings).toEqual([{ kind: 'loop', count: 3, trips: 3, left: 1 }]);
    expect(at('together')?.savings).toEqual([{ kind: 'together', count: 3, trips: 3, left: 1 }]);
    expect(at('literal')?.savings).toEqual([{ kind: 'loop', count: 2, trips: 2, left: 1 }]);
    expect(at('transaction')?.savings).toEqual([{ kind: 'ends', count: 2, trips: 2, left: 0 }]);
  });

  test('takes requests that are served side by side for no loop, and finds the loop in one of them', async () => {
    const times = [1, 1, 1, 1, 1, 5];
    const options = { url: database.url, args: [JSON.stringify(times)] };
    const { code, summary } = await trace.run('requests.mjs', options);
    expect({ code, statements: summary.statements }).toEqual({ code: 0, statements: 10 });
    const loops = lineAt(summary, placeIn('requests.mjs', 'request'))?.savings.filter(
      ({ kind }) => kind === 'loop',
    );
    expect(loops).toMatchObject([{ kind: 'loop', count: 5, left: 1 }]);
  });

  test('has no value of a statement', async () => {
    const loop = await trace.run('loop.mjs', { url: database.url });
    const pool = await trace.run('pool.cjs', { url: database.url });
    const literal = JSON.stringify([loop, pool]);
    expect(literal).not.toContain('secret');
    expect(literal).not.toContain('mail');
  });

  test('goes to stdout as JSON behind what the program prints', async () => {
    const child = trace.start(['--json', '--', 'node', '-p', '1'], database.url);
    const { code, stdout, stderr } = await untilEnd(child);
    expect(code).toBe(0);
    const [printed, json = ''] = stdout.trim().split('\n');
    expect(printed).toBe('1');
    expect(JSON.parse(json)).toMatchObject({ trips: 0, statements: 0, groups: [] });
    expect(stderr).toBe('\nNo round trip to PostgreSQL was seen.\n');
  });
});

describe('the exit code', () => {
  test.each([
    ['7', 7],
    ['throw', 1],
  ])('of a program that ends by %s is %i', async (ending, exitCode) => {
    const { code, summary } = await trace.run('ending.mjs', { url: database.url, args: [ending] });
    expect({ code, trips: summary.trips }).toEqual({ code: exitCode, trips: 1 });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is that of %s, which is passed on to the program', async (signal, exitCode) => {
    const command = ['--', 'node', 'test/support/traced/ending.mjs', 'wait'];
    const child = trace.start(command, database.url);
    const ended = untilEnd(child);
    await once(child.stdout as Readable, 'data');
    child.kill(signal);
    const { code, stderr } = await ended;
    expect(code).toBe(exitCode);
    expect(stderr).toContain('1 round trip to PostgreSQL');
  });

  test('is 127 if the program can not be started, and 2 if none is given', async () => {
    const missing = await untilEnd(trace.start(['--', 'no-such-program'], database.url));
    expect(missing.code).toBe(127);
    expect(missing.stderr).toBe(
      "batched-drizzle-cli: no-such-program can't be started: spawn no-such-program ENOENT\n",
    );
    const none = await untilEnd(trace.start([], database.url));
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("missing required argument 'command'");
  });
});

test('--html draws a bar for each trip on the line that caused it', async () => {
  const file = files.path('waterfall.html');
  await trace.run('loop.mjs', { url: database.url, options: ['--html', file] });
  const page = readFileSync(file, 'utf8');
  expect(page.match(/<rect class="(?:statements|further|ends)"/g)).toHaveLength(42);
  expect(page).toContain(`<code>${placeIn('loop.mjs', 'loop')}</code>`);
  expect(page).not.toContain('secret');
});

describe('a budget', () => {
  test('that is passed makes the run fail, and the three worst places are named', async () => {
    const options = { url: database.url, options: ['--budget', 'trips=9'] };
    const { code, stderr } = await trace.run('pool.cjs', options);
    const at = (mark: string) => placeIn('pool.cjs', mark);
    expect(code).toBe(1);
    expect(stderr.slice(stderr.indexOf('batched-drizzle-cli: '))).toBe(
      [
        'batched-drizzle-cli: 10 round trips, and the budget is 9. Most of them are from',
        `  ${at('helper')}  3 trips  insert into organizations`,
        `  ${at('together')}  3 trips  select`,
        `  ${at('transaction')}  2 trips  begin`,
        '',
      ].join('\n'),
    );
  });

  test('that is kept changes nothing', async () => {
    const options = { url: database.url, options: ['--budget', 'trips=10'] };
    const { code, stderr } = await trace.run('pool.cjs', options);
    expect(code).toBe(0);
    expect(stderr).not.toContain('budget');
  });

  test('does not hide the exit code of a program that failed', async () => {
    const options = { url: database.url, options: ['--budget', 'trips=0'], args: ['7'] };
    const { code, stderr } = await trace.run('ending.mjs', options);
    expect(code).toBe(7);
    expect(stderr).toContain('1 round trip, and the budget is 0.');
  });

  test('of something else is a wrong call', async () => {
    const child = trace.start(['--budget', 'time=3', '--', 'node', '-p', '1'], database.url);
    const { code, stdout, stderr } = await untilEnd(child);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'batched-drizzle-cli: --budget time=3: a number of trips is wanted, as trips=20\n',
    });
  });
});

describe('connections by', () => {
  test('TLS are seen as they are before the encryption', async () => {
    const front = await startTlsFront(database.url);
    try {
      const url = new URL(front.url);
      url.searchParams.set('sslmode', 'no-verify');
      const { code, summary } = await trace.run('pool.cjs', { url: url.href });
      expect({ code, trips: summary.trips }).toEqual({ code: 0, trips: 10 });
    } finally {
      await front.close();
    }
  });

  test('a socket of the file system are seen, too', async () => {
    const { hostname, port, pathname, username, password } = new URL(database.url);
    const folder = mkdtempSync(join(tmpdir(), 'batched-drizzle-socket-'));
    const server = createServer((client) => {
      const behind = connect(Number(port || 5432), hostname.replace(/^\[|\]$/g, ''));
      client.pipe(behind).pipe(client);
      for (const socket of [client, behind]) socket.on('error', () => {});
    });
    server.listen(join(folder, '.s.PGSQL.5432'));
    await once(server, 'listening');
    try {
      const url = `postgres://${username}:${password}@${encodeURIComponent(folder)}${pathname}`;
      const { code, summary } = await trace.run('pool.cjs', { url });
      expect({ code, trips: summary.trips }).toEqual({ code: 0, trips: 10 });
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
});
