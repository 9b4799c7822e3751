import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LoadArguments } from '../../cli/src/arguments.ts';
import { openDatabase } from '../../cli/src/database.ts';

const root = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const library = JSON.parse(textOf('package.json'));
const command = JSON.parse(textOf('cli/package.json'));

describe('the library', () => {
  test('has no dependency, and no peers but drizzle and the drivers, each of which may be missing', () => {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = library;
    expect({ dependencies, optionalDependencies }).toEqual({});
    const drivers = ['postgres', 'pg', '@neondatabase/serverless', '@electric-sql/pglite'];
    expect(Object.keys(peerDependencies).toSorted()).toEqual(['drizzle-orm', ...drivers].toSorted());
    const optional = drivers.map((driver) => [driver, { optional: true }]);
    expect(peerDependenciesMeta).toEqual(Object.fromEntries(optional));
  });

  test('has no command', () => {
    expect(library).not.toHaveProperty('bin');
    expect(library.files).not.toContain('cli');
  });
});

describe('the package of the command', () => {
  test('reads the words of the server as the library does, by the same file', () => {
    expect(textOf('cli/src/write/refused-row.ts')).toBe(textOf('src/load/refused-row.ts'));
  });

  test("turns off the algorithm of Nagle as the library does, by the same file, on the command's own client", async () => {
    expect(textOf('cli/src/no-nagle.ts')).toBe(textOf('src/postgres-js/no-nagle.ts'));
    const project = { schema: {}, database: 'postgres://nobody@127.0.0.1/nothing', casing: undefined };
    const opened = await openDatabase({ embedded: false } as LoadArguments, project);
    onTestFinished(() => opened?.close());
    expect(opened?.client.options).toHaveProperty('socket', expect.any(Function));
  });

  test('has the version of the library, and does not need it', () => {
    expect(command.version).toBe(library.version);
    expect({ ...command.dependencies, ...command.peerDependencies }).not.toHaveProperty('batched-drizzle');
  });

  test('takes the same versions of postgres, and of drizzle-orm those before 1.0', () => {
    const { 'drizzle-orm': drizzle, postgres } = command.peerDependencies;
    expect(postgres).toBe(library.peerDependencies.postgres);
    expect(`${drizzle} || >=1.0.0-rc.5 <2`).toBe(library.peerDependencies['drizzle-orm']);
  });

  test.each(['license', 'author', 'engines', 'bugs'])('has the same %s', (key) => {
    expect(command[key]).toEqual(library[key]);
  });

  test('has the same text of the license', () => {
    expect(textOf('cli/LICENSE')).toBe(textOf('LICENSE'));
  });
});
