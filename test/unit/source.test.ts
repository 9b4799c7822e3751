import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../src/', import.meta.url);

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
  const places = new Set(readers.map(([path]) => path.split('/')[0]));
  expect([...places].toSorted()).toEqual(['drizzle', 'postgres-js']);
});

test('the library imports nothing but drizzle, postgres.js and Node', () => {
  const imported = sources().flatMap(([, code]) => [
    ...code.matchAll(/\bfrom '([^.'][^']*)'|\bimport\('([^.'][^']*)'/g),
  ]);
  const packages = new Set(
    imported.map((found) => (found[1] ?? found[2])?.replace(/^(node:|[^/]+).*/, '$1')),
  );
  expect([...packages].toSorted()).toEqual(['drizzle-orm', 'node:', 'postgres']);
});
