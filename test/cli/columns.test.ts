import { readFileSync } from 'node:fs';
import { drizzle } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCommand, useFolder } from '../support/run-command.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const files = useFolder();
const check = drizzle(database.connect());

const schema = files.write(
  'schema.ts',
  `import { sql } from ${JSON.stringify(import.meta.resolve('drizzle-orm'))};
   import { customType, integer, pgTable, text, timestamp } from ${JSON.stringify(import.meta.resolve('drizzle-orm/pg-core'))};
   const reversed = (text: string) => [...text].reverse().join('');
   const secret = customType<{ data: string }>({ dataType: () => 'text', toDriver: reversed });
   const picky = customType<{ data: string }>({ dataType: () => 'text', toDriver: (text) => {
     if (text === 'bad') throw new Error('not this one');
     return text === 'sql' ? sql\`now()\` : text;
   } });
   const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea', toDriver: (text) => Buffer.from(String(text)) });
   let made = 0;
   export const notes = pgTable('notes', {
     id: integer(), label: text(), secret: secret(), secrets: secret().array(), picky: picky(), bytes: bytes(),
     made: integer().$defaultFn(() => ++made),
     touched: timestamp({ withTimezone: true }).$onUpdateFn(() => new Date('2024-01-31T12:00:00Z')),
   });`,
);

beforeEach(() =>
  check.execute(`drop table if exists notes; create table notes (id int, label text, secret text, secrets text[],
    picky text, bytes bytea, made int, touched timestamptz)`),
);

const load = (input: string | Uint8Array, ...args: string[]) =>
  runCommand(['load', '--schema', schema, '--table', 'notes', '--url', database.url, ...args], { input });
const rows = async (columns: string) =>
  (await check.execute(`select ${columns} from notes order by ctid`)).map((row) => ({ ...row }));

describe('a column that needs JavaScript', () => {
  test('has the value of $defaultFn or $onUpdateFn if the file lacks it', async () => {
    expect(await load('id,label\r\n1,"a\nb"\r\n2,\r\n3,')).toMatchObject({ code: 0, stderr: '' });
    expect(await rows("id, label, made, touched = '2024-01-31 12:00:00Z' as touched")).toEqual([
      { id: 1, label: 'a\nb', made: 1, touched: true },
      { id: 2, label: null, made: 2, touched: true },
      { id: 3, label: null, made: 3, touched: true },
    ]);
  });

  test('has the values of the file if it is in there', async () => {
    expect(await load('id,made,touched\n1,7,\n')).toMatchObject({ code: 0, stderr: '' });
    expect(await rows('made, touched')).toEqual([{ made: 7, touched: null }]);
  });

  test('is mapped by toDriver of its type, and so are the elements of an array; NULL is not', async () => {
    const input = 'id,secret,secrets,bytes\n1,"a ""b"", c","{xy,NULL,""p q""}",hé\n2,,,\n3,"",{},""\n';
    expect(await load(input)).toMatchObject({ code: 0, stderr: '' });
    expect(await rows('secret, secrets::text, bytes::text')).toEqual([
      { secret: 'c ,"b" a', secrets: '{yx,NULL,"q p"}', bytes: '\\x68c3a9' },
      { secret: null, secrets: null, bytes: null },
      { secret: '', secrets: '{}', bytes: '\\x' },
    ]);
  });

  test.each([
    ['a value that toDriver refuses', '1,bad', 'column "picky": "bad" does not fit: Error: not this one'],
    [
      'an expression of SQL',
      '1,sql',
      'column "picky": "sql" becomes an expression of SQL, and a load takes values only',
    ],
    ['too few fields', '1', 'has 1 field, and the header 2'],
    ['too many fields', '1,a,', 'has 3 fields, and the header 2'],
    ['another line end', '1,a\rb', 'column "picky": has another line end than the file'],
    ['an open quote', '1,"a', 'a quote is left open'],
  ])('does not hide %s', async (_, record, message) => {
    const { code, stderr } = await load(`id,picky\n0,"x\n"\n${record}\n`);
    expect(stderr).toBe(
      `batched-drizzle-cli: stdin, line 4${message.startsWith('column') ? ', ' : ': '}${message}; nothing is written\n`,
    );
    expect(code).toBe(1);
    expect(await rows('id')).toEqual([]);
  });

  test('is read in the encoding of the file, and so are all others', async () => {
    const input = Buffer.from('id,label,secret\n1,caf\xe9,\xe9f\n', 'latin1');
    expect(await load(input, '--encoding', 'LATIN1')).toMatchObject({ code: 0, stderr: '' });
    expect(await rows('label, secret')).toEqual([{ label: 'café', secret: 'fé' }]);
  });

  test('is refused if the delimiter may be a part of a character of the encoding', async () => {
    const { code, stderr } = await load('id|secret\n1|a\n', '--encoding', 'SJIS', '--delimiter', '|');
    expect(stderr).toContain('--encoding SJIS: |, the delimiter, may also be a part of a character there;');
    expect(code).toBe(2);
  });

  test('is named with its way by --dry-run', async () => {
    const { stdout } = await load('id,secret\n1,a\n', '--dry-run');
    expect(stdout.split('\n').slice(1)).toEqual([
      '  id: as bytes',
      '  secret: read in JavaScript for toDriver of its type',
      '  made: made for each row by drizzle',
      '  touched: made for each row by drizzle',
      '',
    ]);
    expect(await rows('id')).toEqual([]);
  });

  test('is mapped in lines of JSON, where a number that JavaScript would round is refused', async () => {
    const file = files.write('mapped.ndjson', '{"id":1,"secret":"abc","secrets":["xy",null]}\n');
    expect(await load('', file)).toMatchObject({ code: 0, stderr: '' });
    expect(await rows('secret, secrets::text, made')).toEqual([
      { secret: 'cba', secrets: '{yx,NULL}', made: 1 },
    ]);
    const rounded = files.write('rounded.ndjson', '{"secret":1413617112501850121}\n');
    expect((await load('', rounded)).stderr).toContain(
      'line 1, column "secret": "1413617112501850121" may lose digits as a number of JavaScript',
    );
  });
});

test('--dry-run lets the server check the values, and rolls back', async () => {
  const bad = await load('id\n1\nx\n', '--dry-run');
  expect(bad.stderr).toContain('line 3, column "id": "x" is refused: invalid input syntax for type integer');
  expect(bad.code).toBe(1);
  const good = await load('id\n1\n2\n', '--dry-run');
  expect(good.stdout).toContain('2 rows for notes, checked by the server; nothing is written (--dry-run)\n');
  expect(await rows('id')).toEqual([]);
});

describe('the names of a header', () => {
  test('may have spaces around them with --trim-header, of which the error tells without it', async () => {
    const { stderr, code } = await load('id, label\n1,a\n');
    expect(stderr).toContain('the header has " label"; allowed: ');
    expect(stderr).toContain('--trim-header leaves the spaces out');
    expect(code).toBe(2);
    expect(await load('id, label \n1, a\n', '--trim-header')).toMatchObject({ code: 0 });
    expect(await rows('id, label')).toEqual([{ id: 1, label: ' a' }]);
  });

  test('may be unknown with --ignore-unknown, whose fields are left out and not read', async () => {
    const input = Buffer.from('x,id,"y ""z""",label\n"a,\n\xe9",1,,b\n,2,c,\n', 'latin1');
    expect(await load(input, '--ignore-unknown')).toMatchObject({ code: 0, stderr: '' });
    expect(await rows('id, label')).toEqual([
      { id: 1, label: 'b' },
      { id: 2, label: null },
    ]);
  });

  test('may not all be unknown', async () => {
    const { stderr, code } = await load('x,y\n1,2\n', '--ignore-unknown');
    expect(stderr).toContain('the header has "x", "y"; allowed: id, ');
    expect(code).toBe(2);
  });
});

test('a rejects file has the bytes of the file, and loads again when it is corrected', async () => {
  const rejects = files.path('rejects.csv');
  const input = Buffer.from('label;id\r\n"caf\xe9; ""x""\r\ny";one\r\nb;2\r\n', 'latin1');
  const options = ['--delimiter', ';', '--encoding', 'LATIN1'];
  const ended = await load(input, ...options, '--on-error', 'skip', '--rejects', rejects);
  expect(ended.code).toBe(3);
  const text = readFileSync(rejects, 'latin1');
  expect(text).toMatch(/^rejected_line;rejected_reason;label;id\r\n2;".*";"caf\xe9; ""x""\r\ny";one\r\n$/s);
  const corrected = files.write('corrected.csv', Buffer.from(text.replace(';one', ';1'), 'latin1'));
  expect(await load('', ...options, corrected)).toMatchObject({ code: 0, stderr: '' });
  expect(await rows('id, label')).toEqual([
    { id: 2, label: 'b' },
    { id: 1, label: 'café; "x"\r\ny' },
  ]);
});
