/** Settings of the session that change how PostgreSQL reads and writes texts. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, integer, text, uuid, varchar } from 'drizzle-orm/pg-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { batchedDrizzle, driver, rowsOf } from '../support/drivers/chosen.ts';
import { manyEntries } from '../support/many-entries.ts';
import { expectSameLoads } from '../support/same-loads.ts';
import { expectSameRows } from '../support/same-rows.ts';
import { custom, makeTable } from '../support/same-values.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

const columns = {
  t: [text(), 'text'],
  v: [varchar({ length: 9 }), 'varchar(9)'],
  whole: [integer(), 'int'],
  big: [bigint({ mode: 'bigint' }), 'bigint'],
  flag: [boolean(), 'boolean'],
  key: [uuid(), 'uuid'],
  f: [custom('float8'), 'float8'],
  r: [custom('real'), 'real'],
  b: [custom('bytea'), 'bytea'],
  d: [custom('date'), 'date'],
  at: [custom('timestamptz'), 'timestamptz'],
  i: [custom('interval'), 'interval'],
  ts: [custom('text[]'), 'text[]'],
  ns: [custom('int[]'), 'int[]'],
  m: [custom('money'), 'money'],
  x: [custom('xml'), 'xml'],
} as const;

const rows = [
  { t: `a\\b'c"d\n\\x41 $1`, v: '\\N', whole: 1, flag: true, f: 0.1, r: 0.1, big: 5n },
  { t: null, v: 'NULL', whole: null, d: '02/03/2024', at: '02/03/2024 01:02:03', i: '-1 2:03:04' },
  { b: Buffer.from([0, 92, 255]), ts: '{a,NULL,"NULL",\\\\}', i: '1-2', m: '1,234.5' },
  { ts: '{}', ns: '{1,2}', key: '6f2c6a3e-8b1c-4d9c-9a52-0d6f1a2b3c4d', f: 1e300, r: 1 / 3, x: '<a/>' },
  { ns: '{1,NULL}', t: '' },
  { x: 'a<b/>', t: 'not a document' },
  { f: 123456789.12345678, d: '2024-03-02', at: new Date(0).toISOString(), i: 'P1DT2H' },
];

const settings: Record<string, string> = {
  array_nulls: 'off',
  standard_conforming_strings: 'off',
  backslash_quote: 'off',
  quote_all_identifiers: 'on',
  transform_null_equals: 'on',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  TimeZone: 'Asia/Kathmandu',
  xmloption: 'document',
  lc_monetary: 'C',
};

describe.each([
  ...Object.entries(settings).map(([name, value]) => [name, { [name]: value }] as const),
  ['all of them', settings] as const,
])('%s', (_, connection) => {
  const notices: unknown[] = [];
  let sides: ReturnType<typeof sideBySide>;

  beforeAll(() => {
    const onnotice = (notice: { severity?: string; message?: string }) => {
      if (notice.severity === 'WARNING') notices.push(notice.message);
    };
    sides = sideBySide(database, { batch: { copyRows: 20 } }, sql`select`, {
      connection,
      own: { onnotice },
    });
  });

  test('rows are read and written as with plain drizzle', async () => {
    const { table, empty } = await makeTable(sides, columns);
    notices.length = 0;
    await expectSameRows(sides, table, rows, { empty });
    expect(notices).toEqual([]);
  });

  test('rows are copied as with plain drizzle', async () => {
    const copying = sideBySide(database, { batch: { copyRows: 2 } }, sql`select`, {
      connection,
    });
    const { table, empty } = await makeTable(copying, columns);
    await expectSameRows(copying, table, rows, { empty });
    const stored = sql`select row(${sql.raw(Object.keys(columns).join())})::text as row from ${table} order by n`;
    await expectSameLoads(copying, table, rows, { empty, stored });
  });
});

test('array_nulls that a session turns off later is noticed', async () => {
  const client = database.client({ max: 1 });
  const db = batchedDrizzle(client);
  const { table } = await makeTable(sideBySide(database, {}, sql`select`), { t: [text(), 'text'] });
  const write = () =>
    db.transaction(async (tx) => {
      for (let n = 0; n < manyEntries; n++) tx.insert(table).values({ t: n % 2 ? null : 'NULL' } as never);
    });
  await write();
  await driver.query(client, 'set array_nulls = off');
  await write();
  const [counts] = rowsOf(
    await db.execute(sql`select count(*)::int as rows, count(t)::int as texts from ${table}`),
  );
  expect(counts).toEqual({ rows: 2 * manyEntries, texts: 2 * Math.ceil(manyEntries / 2) });
});
