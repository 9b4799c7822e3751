import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { migrationsFolder } from '../support/database.ts';
import { runCommand, schemaFile } from '../support/run-command.ts';

const exampleSchema = fileURLToPath(new URL('../../examples/schema.ts', import.meta.url));
const summary =
  /^2 rows into users in [\d.]+ s, [\d,]+ rows\/s\nselect count\(\*\) from users: 2; the server is gone now\n$/;

// A server is made and started, which takes seconds, and more beside other tests.
vi.setConfig({ testTimeout: 120_000 });

test.each([
  ['of the schema', ['--schema', exampleSchema], 'id,username\n1,ada\n2,grace\n'],
  ['of migrations', ['--schema', schemaFile, '--migrations', migrationsFolder], 'id,name\n1,Ada\n2,Grace\n'],
])('--embedded makes the tables %s on a server of its own, and loads', async (_, args, input) => {
  const { code, stdout, stderr } = await runCommand(['load', '--table', 'users', '--embedded', ...args], {
    input,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(summary);
});
