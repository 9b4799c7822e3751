import { readFileSync } from 'node:fs';
import { asc, count } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { emptyTables } from '../support/counted.ts';
import { runCommand, schemaFile, useFolder } from '../support/run-command.ts';
import { type nodes, tokens, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const files = useFolder();
const check = drizzle(database.connect());

beforeEach(() => check.execute(emptyTables()));

const load = (table: string, ...args: string[]) =>
  runCommand(['load', '--schema', schemaFile, '--table', table, '--url', database.url, ...args]);

/** A file with the column `uses`, in which some values are invalid. Its rows begin at line 2. */
function tokensFile(name: string, rows: number, bad: Record<number, string>): string {
  const lines = Array.from({ length: rows }, (_, index) => `label ${index + 2},${bad[index + 2] ?? index}`);
  return files.write(name, `label,uses\n${lines.join('\n')}\n`);
}

const countOf = async (table: typeof tokens | typeof users | typeof nodes) =>
  (await check.select({ rows: count() }).from(table))[0]?.rows;

describe('a value that its column can not take', () => {
  test('far down: the error names file, line, column, value and why, and nothing is written', async () => {
    const file = tokensFile('far.csv', 30_000, { 25001: 'seven' });
    const { code, stdout, stderr } = await load('tokens', file);
    expect(stderr).toBe(
      `batched-drizzle-cli: ${file}, line 25001, column "uses": "seven" is refused: invalid input syntax for type integer: "seven"; nothing is written\n`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await countOf(tokens)).toBe(0);
  });

  test('--json names them apart', async () => {
    const file = tokensFile('apart.csv', 10, { 5: 'seven' });
    const { code, stdout } = await load('tokens', '--json', file);
    expect(code).toBe(1);
    const place = {
      file,
      line: 5,
      column: 'uses',
      value: 'seven',
      reason: 'is refused: invalid input syntax for type integer: "seven"',
      committed: 0,
    };
    expect(JSON.parse(stdout)).toEqual({ error: { message: expect.any(String), ...place } });
  });

  test('--on-error skip writes all others, and the rejects file has the rows', async () => {
    const file = tokensFile('skip.csv', 30_000, { 7: 'seven', 25001: '' });
    const rejects = files.path('skip.rejects.csv');
    const { code, stdout, stderr } = await load('tokens', '--on-error', 'skip', '--rejects', rejects, file);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^29,998 rows into tokens .*\n2 rows rejected, see .*skip\.rejects\.csv\n$/);
    expect(stderr.split('\n')).toEqual([
      `rejected: ${file}, line 7, column "uses": "seven" is refused: invalid input syntax for type integer: "seven"`,
      `rejected: ${file}, line 25001, column "uses": is NULL, and the column is not null`,
      '',
    ]);
    expect(await countOf(tokens)).toBe(29_998);
    expect(readFileSync(rejects, 'utf8').split('\n')).toEqual([
      'rejected_line,rejected_reason,label,uses',
      '7,"column ""uses"": ""seven"" is refused: invalid input syntax for type integer: ""seven""",label 7,seven',
      '25001,"column ""uses"": is NULL, and the column is not null",label 25001,',
      '',
    ]);
  });
});

describe('a row that the server refuses', () => {
  const dark = 'name\n"Ada\nLovelace"\nGrace\nEdsger\nGrace\nBarbara\n';

  test('is named by its line, and nothing is written', async () => {
    const file = files.write('twice.csv', dark);
    const { code, stderr } = await load('users', file);
    expect(stderr).toContain(
      `${file}, line 6, column "name": "Grace" is refused: duplicate key value violates unique constraint`,
    );
    expect(code).toBe(1);
    expect(await countOf(users)).toBe(0);
  });

  test('--on-error skip writes all others, and the rejects file has the row', async () => {
    const file = files.write('twice.csv', dark);
    const rejects = files.path('twice.rejects.csv');
    const { code } = await load('users', '--on-error', 'skip', '--rejects', rejects, file);
    expect(code).toBe(3);
    const names = await check.select({ name: users.name }).from(users).orderBy(asc(users.id));
    expect(names.map(({ name }) => name)).toEqual(['Ada\nLovelace', 'Grace', 'Edsger', 'Barbara']);
    expect(readFileSync(rejects, 'utf8')).toMatch(
      /^rejected_line,rejected_reason,name\n6,".*duplicate key.*",Grace\n$/,
    );
  });

  test('is found behind rows that were refused before, and lines in quotes', async () => {
    const file = files.write('mixed.csv', 'id,name\n1,a\nx,b\n5,"x\n\ny"\n2,c\n3,a\n4,d\n');
    const rejects = files.path('mixed.rejects.csv');
    const { code } = await load('users', '--on-error', 'skip', '--rejects', rejects, file);
    expect(code).toBe(3);
    const lines = readFileSync(rejects, 'utf8').split('\n').slice(1, -1);
    expect(lines.map((line) => [line.split(',')[0], line.split(',').slice(-2).join()])).toEqual([
      ['3', 'x,b'],
      ['8', '3,a'],
    ]);
    expect(await countOf(users)).toBe(4);
  });
});

test('--commit-every keeps what is committed, and the message says how much', async () => {
  const file = tokensFile('commits.csv', 1_000, { 951: 'seven' });
  const { code, stderr } = await load('tokens', '--commit-every', '300', file);
  expect(stderr).toMatch(/line 951, column "uses": "seven" is refused: .*; committed before: 900 rows\n$/);
  expect(code).toBe(1);
  expect(await countOf(tokens)).toBe(900);
});

test('the rejects file may not be the file that is loaded, which it would empty', async () => {
  const file = tokensFile('own.csv', 3, { 3: 'seven' });
  const before = readFileSync(file, 'utf8');
  const { code, stderr } = await load('tokens', '--on-error', 'skip', '--rejects', file, file);
  expect(stderr).toBe(`batched-drizzle-cli: --rejects ${file}: is the file that is loaded\n`);
  expect(code).toBe(2);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

describe('lines of JSON', () => {
  test.each([
    ['{"label":"x","uses":1', 'line 2: is not JSON'],
    ['["x"]', 'line 2: is not an object'],
    ['{"label":"x","used":1}', 'line 2, column "used": is no column; allowed: id, label, uses, updatedAt'],
    ['{"uses":1}', 'line 2, column "label": is missing: not null, and without a default'],
    ['{"label":null}', 'line 2, column "label": is NULL, and the column is not null'],
    ['{"label":"x","updatedAt":"x","updated_at":"x"}', 'line 2, column "updatedAt": is there twice'],
    [
      '{"label":"x","uses":1e400}',
      'line 2, column "uses": "1e400" is refused: invalid input syntax for type integer',
    ],
    ['{"label":"\\ud800"}', 'line 2, column "label": "\\ud800" has half a character of two'],
  ])('%s is refused: %s', async (line, message) => {
    const file = files.write('bad.ndjson', `{"label":"good"}\n${line}\n`);
    const { code, stderr } = await load('tokens', file);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
    expect(await countOf(tokens)).toBe(0);
  });

  test('that are rejected keep their text, and can be loaded once they are mended', async () => {
    const file = files.write('bad.ndjson', '{"label":"a","uses":"1e5"}\n{oops}\n{"label":"b"}\n');
    const rejects = files.path('rejects.ndjson');
    expect(await load('tokens', '--on-error', 'skip', '--rejects', rejects, file)).toMatchObject({ code: 3 });
    const [first, second] = readFileSync(rejects, 'utf8').split('\n');
    expect(first).toBe(
      '{"rejected_line":1,"rejected_reason":"column \\"uses\\": \\"1e5\\" is refused: invalid input syntax for type integer: \\"1e5\\"","label":"a","uses":"1e5"}',
    );
    expect(JSON.parse(second as string)).toMatchObject({ rejected_line: 2, rejected_text: '{oops}' });

    const mended = files.write('mended.ndjson', `${first?.replace('"uses":"1e5"', '"uses":5')}\n`);
    expect(await load('tokens', mended)).toMatchObject({ code: 0 });
    expect(await countOf(tokens)).toBe(2);
  });
});

test('what is no UTF-8 fails, and nothing is written', async () => {
  const file = files.write('latin1.csv', Buffer.from('label\ngood\ncaf\xe9\n', 'latin1'));
  const { code, stderr } = await load('tokens', file);
  expect(stderr).toBe(
    `batched-drizzle-cli: ${file}, line 3: invalid byte sequence for encoding "UTF8": 0xe9 0x2c 0x22; name the encoding of the file, like --encoding LATIN1; nothing is written\n`,
  );
  expect(code).toBe(1);
  expect(await countOf(tokens)).toBe(0);
});
