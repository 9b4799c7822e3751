import { expect, test } from 'vitest';
import { migrationsFolder } from '../support/database.ts';
import { runCommand, schemaFile } from '../support/run-command.ts';

const input = 'id,name\n1,Ada\n2,Grace\n';
const summary =
  /^2 rows into users in [\d.]+ s, [\d,]+ rows\/s\nselect count\(\*\) from users: 2; the server is gone now\n$/;

test.each([
  ['of the schema', []],
  ['of migrations', ['--migrations', migrationsFolder]],
])('--embedded makes the tables %s on a server of its own, and loads', async (_, args) => {
  const command = ['load', '--schema', schemaFile, '--table', 'users', '--embedded', ...args];
  const { code, stdout, stderr } = await runCommand(command, { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(summary);
});
