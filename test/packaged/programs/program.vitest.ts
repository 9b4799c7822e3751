import { expect, test } from 'vitest';
import { program } from './program.js';

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;

test('the program finds what it finds elsewhere', async () => {
  const { users, kinds } = await program(url, prefix);
  expect(users).toHaveLength(3);
  expect(Object.entries(kinds).filter(([, isSo]) => !isSo)).toEqual([]);
});
