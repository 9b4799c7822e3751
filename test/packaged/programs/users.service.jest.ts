import { afterAll, expect, test } from '@jest/globals';
import { batchedDrizzle } from 'batched-drizzle';
import { DrizzleQueryError } from 'drizzle-orm';
import postgres from 'postgres';
import { program } from './program';
import { container, inject, UsersService, users } from './users.service';

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;

const client = postgres(url);
afterAll(() => client.end());

test('a service gets the database by the type of its parameter', async () => {
  const service = inject(UsersService, container(batchedDrizzle(client)));
  const rows = (await service.signUp([`${prefix}1`, `${prefix}2`])).flat();
  expect(rows.map(({ name }) => name)).toEqual([`${prefix}1`, `${prefix}2`]);
  await expect(service.signUp([`${prefix}1`])).rejects.toBeInstanceOf(DrizzleQueryError);
});

test('the program finds what it finds elsewhere', async () => {
  const { users, kinds } = await program(url, `${prefix}3`);
  expect(users).toHaveLength(3);
  expect(Object.entries(kinds).filter(([, isSo]) => !isSo)).toEqual([]);
});

test('an error of the system arrives with its code', async () => {
  const nowhere = batchedDrizzle(postgres('postgres://127.0.0.1:1/none'));
  const ofStatement = await thrownBy(nowhere.transaction((tx) => tx.execute('select 1')));
  expect(ofStatement).toHaveProperty('code', 'ECONNREFUSED');
  const ofInsert = await thrownBy(nowhere.insert(users).values({ name: prefix }));
  expect(ofInsert).toHaveProperty('cause.code', 'ECONNREFUSED');
});

function thrownBy(work: PromiseLike<unknown>): PromiseLike<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
