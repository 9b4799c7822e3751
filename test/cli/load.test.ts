import { gzipSync } from 'node:zlib';
import { asc } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { emptyTables } from '../support/counted.ts';
import { runCommand, schemaFile, useFolder } from '../support/run-command.ts';
import { members, organizations, teams, users, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const files = useFolder();
const check = drizzle(database.connect());

beforeEach(() => check.execute(emptyTables()));

const load = (table: string, args: string[], input?: string | Uint8Array) =>
  runCommand(['load', '--schema', schemaFile, '--table', table, '--url', database.url, ...args], {
    ...(input === undefined ? {} : { input }),
  });

const names = async () => (await check.select().from(users).orderBy(asc(users.id))).map(({ name }) => name);

const csv = 'id,name\n1,Ada\n2,"Grace, née ""Hopper"""\n3,\n4,""\n';
const tsv = 'id\tname\n1\tAda\n2\t"Grace, née ""Hopper"""\n3\t\n4\t""\n';
const ndjson =
  '{"id":1,"name":"Ada"}\n{"id":2,"name":"Grace, née \\"Hopper\\""}\n{"id":3,"name":null}\n\n{"id":4,"name":""}';

describe('the same rows come from', () => {
  test.each([
    ['users.csv', csv],
    ['users.tsv', tsv],
    ['users.ndjson', ndjson],
    ['users.jsonl', ndjson],
    ['users.csv.gz', gzipSync(csv)],
    ['users.tsv.gz', gzipSync(tsv)],
    ['users.ndjson.gz', gzipSync(ndjson)],
    ['users.txt', csv],
  ])('%s', async (name, content) => {
    const ended = await load('users', [files.write(name, content)]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^4 rows into users in [\d.]+ s, [\d,]+ rows\/s\n$/);
    expect(await names()).toEqual(['Ada', 'Grace, née "Hopper"', null, '']);
  });

  test.each([
    ['no file', [], csv],
    ['-', ['-'], csv],
    ['gzip', [], gzipSync(csv)],
    ['--format', ['--format', 'ndjson'], ndjson],
    ['--delimiter', ['--delimiter', ';'], csv.replaceAll(/,(?! )/g, ';')],
  ])('stdin: %s', async (_, args, content) => {
    expect(await load('users', args, content)).toMatchObject({ code: 0, stderr: '' });
    expect(await names()).toEqual(['Ada', 'Grace, née "Hopper"', null, '']);
  });
});

test('columns are matched by property or by name, in any order, and those left out have their defaults', async () => {
  await check.insert(organizations).values({ id: 1, name: 'o' });
  await check.insert(teams).values({ id: 7, organizationId: 1, name: 't' });
  const ended = await load('members', [], 'email,team_id,joinedAt\na@b.c,7,2024-01-31 12:00:00+01\n');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(await check.select().from(members)).toEqual([
    { id: 1, teamId: 7, email: 'a@b.c', role: 'reader', joinedAt: new Date('2024-01-31T11:00:00Z') },
  ]);
});

test('a table in a schema of its own, with names that must be quoted, is found by either name', async () => {
  expect(await load('counters', [], 'va lue\nx\n')).toMatchObject({ code: 0 });
  expect(await load('app data.we"ird', [], 'value\ny\n')).toMatchObject({ code: 0 });
  expect(
    await check.execute('select value from (select "va lue" as value from "app data"."we""ird") t'),
  ).toEqual([{ value: 'x' }, { value: 'y' }]);
});

describe('every type of column', () => {
  const row = {
    id: 1,
    small: -5,
    whole: 2147483647,
    big: 9007199254740991,
    huge: -9223372036854775808n,
    amount: '12345678.9000',
    ratio: 0.5,
    precise: 1e-300,
    flag: true,
    note: 'a "quoted",\n\\N text',
    title: 'título',
    code: 'abc',
    day: '2024-02-29',
    moment: new Date('2024-01-31T23:59:59.123Z'),
    instant: '2024-01-31 23:59:59.123456+00',
    tag: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    document: { a: [1, null, 'x'], b: { c: true } },
    labels: ['a', 'NULL', 'b "c"', '', 'd,e'],
    counts: [1, -2],
    bytes: Buffer.from('00ff', 'hex'),
  };
  const fields: Record<string, string> = {
    ...Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value)])),
    moment: '2024-01-31 23:59:59.123',
    document: JSON.stringify(row.document),
    labels: '{a,"NULL","b \\"c\\"","","d,e"}',
    counts: '{1,-2}',
    bytes: '\\x00ff',
  };
  const expected = async () => {
    await check.insert(wide).values(row);
    const written = await check.select().from(wide);
    await check.execute(emptyTables());
    return written;
  };

  test('is loaded from CSV as drizzle inserts it', async () => {
    const plain = await expected();
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const text = `${Object.keys(fields).join(',')}\n${Object.values(fields).map(quote).join(',')}\n`;
    expect(await load('wide', [], text)).toMatchObject({ code: 0, stderr: '' });
    expect(await check.select().from(wide)).toEqual(plain);
  });

  test('is loaded from lines of JSON as drizzle inserts it', async () => {
    const plain = await expected();
    const { labels, counts, document, small, flag } = row;
    const line = JSON.stringify({ ...fields, labels, counts, document, small, flag });
    expect(await load('wide', ['--format', 'ndjson'], line)).toMatchObject({ code: 0, stderr: '' });
    expect(await check.select().from(wide)).toEqual(plain);
  });

  test('is NULL where a field is empty', async () => {
    const empty = Object.keys(row).map((key) => (key === 'id' ? '1' : ''));
    await load('wide', [], `${Object.keys(row).join(',')}\n${empty.join(',')}\n`);
    const nulls = Object.fromEntries(Object.keys(row).map((key) => [key, key === 'id' ? 1 : null]));
    expect(await check.select().from(wide)).toEqual([nulls]);
  });
});

test('--json prints what has become of the rows', async () => {
  const { code, stdout, stderr } = await load('users', ['--json'], csv);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    table: 'users',
    files: ['stdin'],
    dryRun: false,
    rows: 4,
    skipped: 0,
    rejected: 0,
    ms: expect.any(Number),
  });
});

test('--on-conflict nothing skips what is there already', async () => {
  await check.insert(users).values({ id: 1, name: 'first' });
  const { code, stdout } = await load('users', ['--on-conflict', 'nothing'], csv);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^3 rows into users .*\n1 row skipped, which conflict with rows that are there\n$/);
  expect(await names()).toEqual(['first', 'Grace, née "Hopper"', null, '']);
});

test('--dry-run writes nothing', async () => {
  expect(await load('users', ['--dry-run'], csv)).toMatchObject({ code: 0 });
  expect(await names()).toEqual([]);
});

test('--casing finds the columns that drizzle() with that casing writes', async () => {
  await check.execute('create table cased (first_name text, "lastName" text)');
  const schema = files.write(
    'cased.ts',
    `import { pgTable, text } from ${JSON.stringify(import.meta.resolve('drizzle-orm/pg-core'))};
     export const cased = pgTable('cased', { firstName: text(), lastName: text('lastName') });`,
  );
  const args = [
    'load',
    '--schema',
    schema,
    '--table',
    'cased',
    '--url',
    database.url,
    '--casing',
    'snake_case',
  ];
  const ended = await runCommand(args, { input: 'first_name,lastName\nAda,Lovelace\n' });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(await check.execute('select * from cased')).toEqual([{ first_name: 'Ada', lastName: 'Lovelace' }]);
});
