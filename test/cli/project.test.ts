import { drizzle } from 'drizzle-orm/postgres-js';
import { beforeEach, expect, test } from 'vitest';
import { runCommand, useFolder } from '../support/run-command.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.connect());
const pgCore = JSON.stringify(import.meta.resolve('drizzle-orm/pg-core'));

/** A project of its own for a test: a folder in which the command runs. */
function useProject(name: string) {
  const files = useFolder();
  const write = (path: string, text: string) => files.write(`${name}/${path}`, text);
  const tables = (path: string, exported: string, table: string) =>
    write(
      path,
      `import { pgTable, text } from ${pgCore}; export const ${exported} = pgTable('${table}', { firstName: text() });`,
    );
  const load = (table: string, options: readonly string[] = [], databaseUrl?: string) =>
    runCommand(['load', '--table', table, ...options], {
      input: 'firstName\nAda\n',
      cwd: files.path(name),
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
    });
  return { write, tables, load, path: files.path };
}

const names = async (table: string) =>
  (await check.execute(`select * from ${table}`)).map((row) => ({ ...row }));

beforeEach(() =>
  check.execute(`drop table if exists people, pets; create table people ("firstName" text, first_name text);
    create table pets (first_name text)`),
);

const written = [{ firstName: 'Ada', first_name: null }];

test('drizzle.config.ts names the schema, by globs and folders, the database and the casing', async () => {
  const { write, tables, load } = useProject('globs');
  tables('src/people/people.table.ts', 'people', 'people');
  tables('src/pets/pets.ts', 'pets', 'pets');
  write('src/pets/notes.md', 'no module');
  write(
    'drizzle.config.ts',
    `export default { dialect: 'postgresql' as const, schema: ['./src/**/*.table.ts', './src/pets'],
       casing: 'snake_case', dbCredentials: { url: '${database.url}' } };`,
  );
  expect(await load('people')).toMatchObject({ code: 0, stderr: '' });
  expect(await load('pets')).toMatchObject({ code: 0, stderr: '' });
  expect(await names('people')).toEqual([{ firstName: null, first_name: 'Ada' }]);
  expect(await names('pets')).toEqual([{ first_name: 'Ada' }]);
});

test('the database may be given by its parts', async () => {
  const { write, tables, load } = useProject('parts');
  tables('schema.ts', 'people', 'people');
  const { hostname: host, port, username: user, password, pathname } = new URL(database.url);
  const dbCredentials = { host, port: Number(port), user, password, database: pathname.slice(1) };
  write(
    'drizzle.config.json',
    JSON.stringify({ dialect: 'postgresql', schema: './schema.ts', dbCredentials }),
  );
  expect(await load('people')).toMatchObject({ code: 0, stderr: '' });
  expect(await names('people')).toEqual(written);
});

test.each([
  ['in TypeScript as CommonJS', 'drizzle.config.ts', { type: 'commonjs' }, 'export default '],
  ['in JavaScript as an ES module', 'drizzle.config.js', { type: 'module' }, 'export default '],
  ['in JavaScript as CommonJS', 'drizzle.config.js', {}, 'module.exports = '],
])('a configuration %s is read', async (title, file, manifest, start) => {
  const { write, tables, load } = useProject(title.replaceAll(' ', '-'));
  write('package.json', JSON.stringify(manifest));
  tables('schema.ts', 'people', 'people');
  write(file, `${start}{ schema: './schema.ts' };`);
  expect(await load('people', [], database.url)).toMatchObject({ code: 0, stderr: '' });
  expect(await names('people')).toEqual(written);
});

test('--config names another, and --url and --casing come before it', async () => {
  const { write, tables, load } = useProject('other');
  tables('schema.ts', 'people', 'people');
  write(
    'other.config.ts',
    `export default { schema: 'schema.ts', casing: 'snake_case', dbCredentials: { url: 'postgres://127.0.0.1:1/none' } };`,
  );
  const options = ['--config', 'other.config.ts', '--url', database.url, '--casing', 'camelCase'];
  expect(await load('people', options)).toMatchObject({ code: 0, stderr: '' });
  expect(await names('people')).toEqual(written);
});

test('--schema may be a glob, and the configuration is not read then', async () => {
  const { write, tables, load } = useProject('glob');
  tables('[tables]/people.ts', 'people', 'people');
  write('drizzle.config.ts', 'throw new Error("read");');
  expect(await load('people', ['--schema', '*/people.ts', '--url', database.url])).toMatchObject({ code: 0 });
  expect(await load('people', ['--schema', '[tables]/people.ts', '--url', database.url])).toMatchObject({
    code: 0,
  });
  expect(await names('people')).toEqual([...written, ...written]);
});

test.each([
  [
    'a dialect of another database',
    "export default { dialect: 'mysql', schema: 's.ts' }",
    'the dialect is mysql',
  ],
  [
    'no schema',
    'export default { dialect: "postgresql" }',
    'the configuration names no schema: give --schema',
  ],
  [
    'no file for its schema',
    "export default { schema: './none/*.ts' }",
    '--schema ./none/*.ts: no such file',
  ],
  ['an error', 'throw new Error("not today")', "drizzle.config.ts can't be loaded: not today"],
  ['nothing', 'export const config = {}', 'drizzle.config.ts has no configuration as its default export'],
])('a configuration with %s is a wrong call', async (title, text, message) => {
  const { write, load } = useProject(title.replaceAll(' ', '-'));
  write('drizzle.config.ts', text);
  const { code, stderr } = await load('people', ['--url', database.url]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
