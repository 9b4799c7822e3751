import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { batchedDrizzle } from 'batched-drizzle';
import { asc, count, eq } from 'drizzle-orm';
import { beforeEach, expect, test } from 'vitest';
import { makeTables } from '../../cli/src/make-tables.ts';
import { csv } from '../../examples/csv.ts';
import { dicts } from '../../examples/dicts.ts';
import { driver } from '../../examples/driver.ts';
import type { Given } from '../../examples/example.ts';
import { objects } from '../../examples/objects.ts';
import * as schema from '../../examples/schema.ts';
import { writeUsers } from '../../examples/users-file.ts';
import { useFolder } from '../support/run-command.ts';
import { useDatabase } from '../support/test-database.ts';

const { roles, users } = schema;
const database = useDatabase();
const files = useFolder();
let db: Given['db'];

beforeEach(async () => {
  const client = database.connect({ max: 2 });
  db = batchedDrizzle(client);
  await client`drop table if exists users, roles, addresses cascade`;
  await makeTables(client, schema);
});

const usernames = async () =>
  (await db.select().from(users).orderBy(asc(users.id))).map(({ username }) => username);

test('dicts: rows that are at hand are written by values([…])', async () => {
  expect(await dicts({ db, count: 50 })).toBe('50 users, the last with id 50');
  expect(await usernames()).toEqual(Array.from({ length: 50 }, (_, index) => `user${index}`));
});

test('objects: users have the ids of roles that were not written yet', async () => {
  expect(await objects({ db, count: 7 })).toBe('7 users with one of three roles each');
  const written = await db
    .select()
    .from(users)
    .innerJoin(roles, eq(users.roleId, roles.id))
    .orderBy(asc(users.id));
  expect(written.map(({ roles: { name } }) => name)).toEqual([
    'reader',
    'writer',
    'owner',
    'reader',
    'writer',
    'owner',
    'reader',
  ]);
});

test('csv: all users of the file are in the table', async () => {
  expect(await csv({ db, count: 2_500 })).toMatch(/^2500 users from .*users\.csv in [\d.]+ s$/);
  expect(await db.select({ rows: count() }).from(users)).toEqual([{ rows: 2_500 }]);
});

test('driver: COPY writes what it is given', async () => {
  expect(await driver({ db, count: 30 })).toBe('30 users by COPY');
  expect((await usernames())[29]).toBe('user29');
});

test('the file of users is the same each time', async () => {
  await writeUsers(files.path('users.csv'), 3_000);
  const digest = createHash('sha256')
    .update(readFileSync(files.path('users.csv')))
    .digest('hex');
  expect(digest).toBe('6bf2f5cf17d559708b3774e11cb5c56c20c37eb4e409c1aed6a34d03a9a9456a');
});
