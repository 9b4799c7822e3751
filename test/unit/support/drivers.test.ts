import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { driverNamed } from '../../support/drivers/names.ts';
import { notShared } from '../../support/drivers/not-shared.ts';

const root = new URL('../../../', import.meta.url);

/** What a test names that runs on one driver: values of its packages, and the entry of the library for it. */
const ofOneDriver =
  /^import (?!type )(?!\{( type \w+,?)+ \})[^;]* from '(postgres|pg|drizzle-orm\/(postgres-js|node-postgres)|(\.\.\/)+src\/(index|entry\/[\w-]+)\.ts)';/m;

const files = ['integration', 'abuse', 'faults'].flatMap((folder) =>
  readdirSync(new URL(`test/${folder}`, root)).map((name) => `test/${folder}/${name}`),
);

describe('the tests that run on every driver', () => {
  test('name none of them', () => {
    const listed = Object.keys(notShared);
    const naming = files.filter((path) => ofOneDriver.test(readFileSync(new URL(path, root), 'utf8')));
    expect(naming.filter((path) => !listed.includes(path))).toEqual([]);
  });

  test('are all but those of a list, whose files exist', () => {
    for (const path of Object.keys(notShared)) {
      expect(existsSync(new URL(path.replace(/\/\*.*/, ''), root)), path).toBe(true);
    }
  });
});

test('a driver that is not tested is refused with the names of those that are', () => {
  expect(driverNamed('postgres-js')).toBe('postgres-js');
  expect(() => driverNamed('mysql')).toThrow(
    '--driver: expected one of postgres-js, node-postgres, pglite, got "mysql"',
  );
});
