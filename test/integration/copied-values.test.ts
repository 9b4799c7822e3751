/** For any value, COPY stores the same as plain drizzle's INSERT, or refuses it with the same code. */
import { sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { copiesOf, times } from '../support/copies.ts';
import { emptyTables } from '../support/counted.ts';
import { batchedDrizzle, drizzle, rowsOf } from '../support/drivers/chosen.ts';
import { refusals, tell } from '../support/same-rows.ts';
import { logs, wide } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();

let plain: PostgresJsDatabase;
let batched: PostgresJsDatabase;
let sent: string[] = [];

beforeAll(() => {
  plain = drizzle(database.client({ max: 1 }));
  const logger = { logQuery: (text: string) => void sent.push(text) };
  batched = batchedDrizzle(database.client(), { logger, batch: { copyRows: 2 } });
});
beforeEach(() => plain.execute(emptyTables()));

/** Writes on both sides. Returns the rows of the table after each, as text. */
async function stored(
  table: typeof wide | typeof logs,
  rows: readonly object[],
): Promise<{ plain: string[]; copied: string[] }> {
  const read = async (db: PostgresJsDatabase): Promise<string[]> => {
    await plain.execute(emptyTables());
    await db.insert(table).values(rows as never);
    const texts = rowsOf(await plain.execute<{ row: string }>(sql`select t::text as row from ${table} t`));
    return texts.map(({ row }) => row);
  };
  sent = [];
  const [expected, copied] = [await read(plain), await read(batched)];
  expect(copiesOf(sent)).toHaveLength(1);
  return { plain: expected, copied };
}

/** The code with which both sides refuse the rows. No row is written. */
async function refusal(table: typeof wide | typeof logs, rows: readonly object[]): Promise<unknown> {
  sent = [];
  const insert = (db: PostgresJsDatabase) => tell(() => db.insert(table).values(rows as never));
  const [expected, given] = [await insert(plain), await insert(batched)];
  expect(copiesOf(sent)).toHaveLength(1);
  expect(given).toEqual(expected);
  expect(await plain.$count(table)).toBe(0);
  return refusals([given])[0];
}

const hostile: Record<string, string> = {
  'a tab': 'a\tb',
  'a line feed': 'a\nb\n',
  'a carriage return': 'a\rb\r\n',
  'a backslash': '\\ \\\\ a\\',
  'the end of data': '\\.',
  'the end of data on a line of its own': 'a\n\\.\nb',
  'what stands for NULL': '\\N',
  'what stands for a default': '\\D',
  'an escape': '\\t\\n\\x41\\101\\b',
  'the word NULL': 'NULL',
  nothing: '',
  blanks: '  ',
  quotes: `'"\`$$`,
  'other controls': '\b\f\v\u0001\u001f\u007f\u2028',
  'a lone high surrogate': 'a\ud800b',
  'a lone low surrogate': '\udc00',
  'beyond the first plane': '\u{1f600}\u{10ffff}',
  'more than a block': '\\\t'.repeat(100_000),
};

describe('a text is stored as it is:', () => {
  test.each(Object.keys(hostile))('%s', async (name) => {
    const text = hostile[name] as string;
    const rows = [
      { level: text, message: 'first' },
      { level: 'last', message: text },
    ];
    const { plain: expected, copied } = await stored(logs, rows);
    expect(copied).toEqual(expected);
  });

  test('beside NULL, which no text is', async () => {
    const notes = [null, ...Object.values(hostile), null];
    const { plain: expected, copied } = await stored(
      wide,
      notes.map((note) => ({ note })),
    );
    expect(copied).toEqual(expected);
    const [nulls] = rowsOf(await plain.execute(sql`select count(*)::int from wide where note is null`));
    expect(nulls).toEqual({ count: 2 });
  });
});

describe('what drizzle refuses is refused with the same code, and nothing is written:', () => {
  const ok = { level: 'ok', message: 'ok' };
  const cases: [string, string, typeof wide | typeof logs, object[]][] = [
    ['NUL in a text', '22021', logs, [ok, { level: 'a\0b', message: '' }]],
    ['NULL where none may be', '23502', logs, [ok, { level: null, message: '' }]],
    ['a text too long', '22001', wide, [{ title: 'a' }, { title: 'a'.repeat(101) }]],
    ['a text that is no number', '22P02', wide, [{ whole: 1 }, { whole: 'one' }]],
    ['the empty text for a number', '22P02', wide, [{ whole: 1 }, { whole: '' }]],
    ['a number out of range', '22003', wide, [{ small: 1 }, { small: 40_000 }]],
    ['a key that is there twice', '23505', wide, [{ id: 7 }, { id: 7 }]],
    ['NUL in a document', '22P05', wide, [{ document: {} }, { document: { a: '\0' } }]],
  ];
  test.each(cases)('%s', async (_, code, table, rows) => {
    expect(await refusal(table, rows)).toBe(code);
  });
});

test('every type of column holds what plain drizzle stores there', async () => {
  const rows = times(40, (n) => ({
    small: -n,
    whole: n * 1_000_003,
    big: n * 2 ** 40,
    huge: 2n ** 62n + BigInt(n),
    amount: `${n}.${n}0049`,
    ratio: n / 3,
    precise: n === 0 ? Number.NaN : n === 1 ? -Infinity : n === 2 ? -0 : 10 ** (n * 7) / 3,
    flag: n % 2 === 0,
    note: `note ${n}\t\\`,
    title: `title ${n}   `,
    code: `c${n} `,
    day: `20${10 + n}-02-03`,
    moment: new Date(n * 86_399_999),
    instant: `2024-01-01 00:00:0${n % 10}.123456+0${n % 9}`,
    tag: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    document: [n, { a: [null, 'x\n"\\\u2028'] }],
    labels: ['a', 'b,c', '"', '\\', 'NULL', '', '\t\n'],
    counts: [n, -n],
    bytes: Buffer.from([n, 0, 255, 92, 10]),
  }));
  const nothing = Object.fromEntries(Object.keys(rows[0] as object).map((name) => [name, null]));
  const { plain: expected, copied } = await stored(wide, [...rows, nothing]);
  expect(copied).toEqual(expected);
});
