import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../src/', import.meta.url);

test('nothing but drizzle-facts.ts and postgres-js/ reads what a library does not export', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const readers = files.filter((path) => {
    const code = readFileSync(new URL(path, folder), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    // What is exported has a type; what is not is read through `any`, or by postgres.js's own names for it.
    return /\bas any\b|: any\b|\bonexecute\b|\.handler\b|\bdescribeFirst\b/.test(code);
  });
  const places = new Set(readers.map((path) => path.split('/')[0]));
  expect([...places].toSorted()).toEqual(['drizzle-facts.ts', 'postgres-js']);
});
