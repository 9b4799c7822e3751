import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../src/', import.meta.url);

/** `v1/` has the folders once more. */
function folderOf(path: string): string | undefined {
  return path.replace(/^v1\//, '').split('/')[0];
}

/** The files of the library by their paths, without comments. */
function sources(): [path: string, code: string][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [
      path,
      readFileSync(new URL(path, folder), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''),
    ]);
}

test('nothing but drizzle/ and postgres-js/ reads what a library does not export', () => {
  const readers = sources().filter(([, code]) => {
    // Exports have a type. Other members are read through `any`, or by postgres.js's own names for them.
    return /\bas any\b|: any\b|\bonexecute\b|\.handler\b|\bdescribeFirst\b/.test(code);
  });
  const places = new Set(readers.map(([path]) => folderOf(path)));
  expect([...places].toSorted()).toEqual(['drizzle', 'postgres-js']);
});

test('the library imports nothing but drizzle, the drivers and Node', () => {
  const imported = sources().flatMap(([, code]) => [
    ...code.matchAll(/\bfrom '([^.#'][^']*)'|\bimport\('([^.#'][^']*)'/g),
  ]);
  const packages = new Set(
    imported.map((found) => (found[1] ?? found[2])?.replace(/^(node:|[^/]+).*/, '$1')),
  );
  expect([...packages].toSorted()).toEqual([
    '@electric-sql',
    '@neondatabase',
    'drizzle-orm',
    'node:',
    'pg',
    'postgres',
  ]);
});

test('it imports of Node the modules that docs/runtimes.md lists, which Bun, Deno and Workers have', () => {
  const modulesIn = (text: string) => [...new Set(text.match(/\bnode:[\w/]+/g))].toSorted();
  const imported = sources().flatMap(
    ([, code]) => code.match(/\b(from|import|import\() ?'node:[^']+/g) ?? [],
  );
  const page = readFileSync(new URL('../docs/runtimes.md', folder), 'utf8');
  const listed = /^- These modules of Node: (.*?)\. Bun/ms.exec(page)?.[1] ?? '';
  expect(modulesIn(imported.join('\n'))).toEqual(modulesIn(listed));
});

test('only drizzle/, database/ and entry/ import values of drizzle', () => {
  const importers = sources().filter(([, code]) =>
    [...code.matchAll(/\bimport (type )?(\{[^}]*\}|\w+) from 'drizzle-orm/g)].some(
      ([, isType, names = '']) => !isType && names.replaceAll(/[{}]/g, '').split(',').some(isValue),
    ),
  );
  const places = new Set(importers.map(([path]) => folderOf(path)));
  expect([...places].toSorted()).toEqual(['database', 'drizzle', 'entry']);
});

function isValue(name: string): boolean {
  return name.trim() !== '' && !name.trim().startsWith('type ');
}

const drivers = ['postgres-js', 'node-postgres', 'pglite'];

test('only entry/ names a driver', () => {
  const importers = sources()
    .filter(([path]) => !drivers.some((driver) => path.startsWith(`${driver}/`)))
    .filter(([, code]) => drivers.some((driver) => code.includes(`/${driver}/`)))
    .map(([path]) => path);
  const entries = [...drivers, 'neon-serverless', 'v1/postgres-js', 'v1/node-postgres'];
  const paths = entries.map((entry) => entry.replace(/^(v1\/)?/, '$1entry/').concat('.ts'));
  expect(importers).toEqual(paths.toSorted());
});

test('at most 10 files stand in src itself, and none anywhere has more than 200 lines', () => {
  const paths = sources().map(([path]) => path);
  expect(paths.filter((path) => !path.includes('/')).length).toBeLessThanOrEqual(10);
  const lines = (path: string) => readFileSync(new URL(path, folder), 'utf8').split('\n').length - 1;
  expect(paths.filter((path) => lines(path) > 200)).toEqual([]);
});
