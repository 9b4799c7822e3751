import { drizzle } from 'drizzle-orm/postgres-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { runCommand, useFolder } from '../support/run-command.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const files = useFolder();
const check = drizzle(database.connect());

const schema = files.write(
  'schema.ts',
  `import { integer, numeric, doublePrecision, jsonb, json, pgTable, primaryKey, text } from ${JSON.stringify(import.meta.resolve('drizzle-orm/pg-core'))};
   export const parents = pgTable('parents', { id: integer().primaryKey() });
   export const people = pgTable('people', {
     id: integer().primaryKey(), name: text().default('nobody'), parentId: integer('parent_id'),
   });
   export const pairs = pgTable('pairs', { one: integer(), two: integer(), note: text() },
     (table) => [primaryKey({ columns: [table.one, table.two] })]);
   export const numbers = pgTable('numbers', {
     id: integer(), d: doublePrecision(), n: numeric(), data: jsonb(), raw: json(), list: numeric().array(), note: text(),
   });
   export const shown = pgTable('shown', { id: integer(), name: text() });`,
);

beforeEach(() =>
  check.execute(`
    drop table if exists parents, people, pairs, numbers cascade;
    create table parents (id int primary key);
    create table people (id int primary key, name text default 'nobody', parent_id int references parents);
    create table pairs (one int, two int, note text, primary key (one, two));
    create table numbers (id int, d float8, n numeric, data jsonb, raw json, list numeric[], note text);
    create view shown as select id, name from people;
    insert into parents values (1)`),
);

const load = (table: string, args: readonly string[], input: string | Buffer = '') =>
  runCommand(['load', '--schema', schema, '--table', table, '--url', database.url, ...args], { input });
const rows = async (query: string) => (await check.execute(query)).map((row) => ({ ...row }));
const people = () => rows('select id, name from people order by id');

describe('--on-conflict update', () => {
  test('updates by the primary key, and of two rows of the file the last one stays', async () => {
    await check.execute(`insert into people values (1, 'old', 1), (2, 'kept', 1)`);
    const ended = await load('people', ['--on-conflict', 'update'], 'id,name\n1,a\n3,b\n3,c\n3,d\n');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^4 rows into people /);
    expect(await rows('select * from people order by id')).toEqual([
      { id: 1, name: 'a', parent_id: 1 },
      { id: 2, name: 'kept', parent_id: 1 },
      { id: 3, name: 'd', parent_id: null },
    ]);
  });

  test('updates by a primary key of two columns', async () => {
    await check.execute(`insert into pairs values (1, 1, 'old'), (1, 2, 'old')`);
    expect(await load('pairs', ['--on-conflict', 'update'], 'two,note,one\n1,new,1\n')).toMatchObject({
      code: 0,
    });
    expect(await rows('select * from pairs order by two')).toEqual([
      { one: 1, two: 1, note: 'new' },
      { one: 1, two: 2, note: 'old' },
    ]);
  });

  test.each([
    ['pairs', 'two\n1\n', 'stdin lacks "one" of the primary key'],
    ['numbers', 'id\n1\n', 'the table has no primary key'],
  ])('of %s is a wrong call for a file %j', async (table, input, message) => {
    const { code, stderr } = await load(table, ['--on-conflict', 'update'], input);
    expect(stderr).toBe(`batched-drizzle-cli: --on-conflict update: ${message}\n`);
    expect(code).toBe(2);
  });

  test('names a bad row, and with --on-error skip writes all others', async () => {
    const input = 'id,name,parent_id\n1,a,1\n2,b,9\n3,c,x\n4,d,1\n';
    const failed = await load('people', ['--on-conflict', 'update'], input);
    expect(failed.stderr).toContain('stdin, line 3, column "parentId": "9" is refused: ');
    expect(await people()).toEqual([]);
    const skipped = await load('people', ['--on-conflict', 'update', '--on-error', 'skip'], input);
    expect(skipped.stderr).toContain(
      'stdin, line 3, column "parentId": "9" is refused: insert or update on table "people"',
    );
    expect(skipped.code).toBe(3);
    expect((await people()).map(({ id }) => id)).toEqual([1, 4]);
  });
});

test('a row without its parent is named, though the server checks it behind the COPY', async () => {
  const lines = Array.from({ length: 300 }, (_, index) => `${index},"x\ny",${index === 200 ? 9 : 1}`);
  const { code, stderr } = await load('people', [], `id,name,parent_id\n${lines.join('\n')}\n`);
  expect(stderr).toContain(
    'stdin, line 402, column "parentId": "9" is refused: insert or update on table "people"',
  );
  expect(code).toBe(1);
  expect(await people()).toEqual([]);
});

describe('a table that COPY can not write is loaded all the same:', () => {
  test('one with a rule', async () => {
    await check.execute(
      'create rule twice as on insert to numbers do also insert into parents values (new.id)',
    );
    expect(await load('numbers', [], 'id,note\n5,a\n6,b\n')).toMatchObject({ code: 0, stderr: '' });
    expect(await rows('select id from parents order by id')).toEqual([{ id: 1 }, { id: 5 }, { id: 6 }]);
  });

  test('a view', async () => {
    expect(await load('shown', [], 'id,name\n5,a\n')).toMatchObject({ code: 0, stderr: '' });
    expect(await load('shown', ['--format', 'ndjson'], '{"id":6}\n{"id":7,"name":"b"}\n')).toMatchObject({
      code: 0,
    });
    expect(await people()).toEqual([
      { id: 5, name: 'a' },
      { id: 6, name: 'nobody' },
      { id: 7, name: 'b' },
    ]);
  });
});

describe('several files', () => {
  test('are loaded in one transaction, each by its own header', async () => {
    const [one, two] = [
      files.write('one.csv', 'id,name\n1,a\n'),
      files.write('two.tsv', 'name\tid\r\nb\t2\r\n'),
    ];
    const ended = await load('people', ['--json', one, two]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ files: [one, two], rows: 2 });
    expect(await people()).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]);
  });

  test('are all undone if one is bad', async () => {
    const [one, two] = [files.write('one.csv', 'id,name\n1,a\n'), files.write('two.csv', 'id\n2\nx\n')];
    const { code, stderr } = await load('people', [one, two]);
    expect(stderr).toContain(`${two}, line 3, column "id": "x" is refused`);
    expect(code).toBe(1);
    expect(await people()).toEqual([]);
  });

  test('share the count of --commit-every', async () => {
    const [one, two] = [files.write('one.csv', 'id\n1\n2\n3\n'), files.write('two.csv', 'id\n4\n5\nx\n')];
    const { stderr } = await load('people', ['--commit-every', '2', one, two]);
    expect(stderr).toContain('committed before: 4 rows');
    expect((await people()).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });

  test('need the same header for one rejects file', async () => {
    const [one, two] = [files.write('one.csv', 'id,name\n1,a\n'), files.write('two.csv', 'id\nx\n')];
    const args = ['--on-error', 'skip', '--rejects', files.path('both.csv'), one, two];
    const { code, stderr } = await load('people', args);
    expect(stderr).toContain('the files have other headers; load them one by one');
    expect(code).toBe(2);
  });
});

test('a field may be larger than 16 MiB', async () => {
  const large = `a"\n${'x'.repeat(20 * 1024 * 1024)}`;
  const file = files.write('large.csv', `id,name\n1,"${large.replace('"', '""')}"\n2,b\n`);
  expect(await load('people', [file])).toMatchObject({ code: 0, stderr: '' });
  expect(await rows('select id, length(name) as length from people order by id')).toEqual([
    { id: 1, length: large.length },
    { id: 2, length: 1 },
  ]);
});

describe('lines of JSON', () => {
  test('keep every digit, and the text of documents', async () => {
    const file = files.write(
      'digits.ndjson',
      '{"id":1,"n":1000000000000000000001,"data":{"id":1413617112501850121},"raw":{"b":1,"a":[1e400],"b":2},"list":[0.1234567890123456789,null]}\n' +
        '{"note":7,"id":2,"n":"1.000000000000000000001","list":"{1}"}\n',
    );
    expect(await load('numbers', [file])).toMatchObject({ code: 0, stderr: '' });
    expect(
      await rows('select id, n::text, data::text, raw::text, list::text, note from numbers order by id'),
    ).toEqual([
      {
        id: 1,
        n: '1000000000000000000001',
        data: '{"id": 1413617112501850121}',
        raw: '{"b":1,"a":[1e400],"b":2}',
        list: '{0.1234567890123456789,NULL}',
        note: null,
      },
      { id: 2, n: '1.000000000000000000001', data: null, raw: null, list: '{1}', note: '7' },
    ]);
  });

  test('have the default of a column for a key that they lack, and NULL for null, also with --on-conflict', async () => {
    const file = files.write('keys.ndjson', '{"id":1}\n{"id":2,"name":null}\n{"name":"c","id":3}\n');
    const expected = [
      { id: 1, name: 'nobody' },
      { id: 2, name: null },
      { id: 3, name: 'c' },
    ];
    for (const conflict of ['error', 'nothing', 'update']) {
      await check.execute('truncate people');
      expect(await load('people', ['--on-conflict', conflict, file])).toMatchObject({ code: 0, stderr: '' });
      expect(await people()).toEqual(expected);
    }
  });

  test('are refused where the server refuses a number', async () => {
    const file = files.write('large.ndjson', '{"d":1}\n{"d":1e400}\n');
    const { stderr } = await load('numbers', [file]);
    expect(stderr).toContain(
      'line 2, column "d": "1e400" is refused: "1e400" is out of range for type double precision',
    );
  });
});

describe('an encoding in which the second byte of a character may be one of ASCII', () => {
  // In Shift JIS the second byte of the character is that of a backslash.
  const file = (delimiter: string) =>
    Buffer.concat([
      Buffer.from(`id${delimiter}name\n1${delimiter}"`),
      Buffer.from([0x95, 0x5c]),
      Buffer.from(`"\n2${delimiter}"x"\n`),
    ]);

  test.each([',', '|'])('is read by the server, with the delimiter %s', async (delimiter) => {
    const args = ['--encoding', 'SJIS', '--delimiter', delimiter];
    expect(await load('people', args, file(delimiter))).toMatchObject({ code: 0, stderr: '' });
    expect(await people()).toEqual([
      { id: 1, name: '表' },
      { id: 2, name: 'x' },
    ]);
  });

  test.each([
    ['--escape', 'escape', 'SJIS'],
    ['--quote', 'quote', 'win-932'],
  ])('is refused with a byte of such characters as %s', async (option, name, encoding) => {
    const ended = await load('people', ['--encoding', encoding, option, '\\'], file(','));
    expect(ended).toEqual({
      code: 2,
      stdout: '',
      stderr: `batched-drizzle-cli: --encoding ${encoding}: \\, the ${name}, may also be a part of a character there; convert the file by iconv -t UTF-8\n`,
    });
    expect(await people()).toEqual([]);
  });
});
