import type { Sql } from 'postgres';
import { beforeEach, describe, expect, test } from 'vitest';
import { rejectionOf } from '../support/process-events.ts';
import { useDatabase } from '../support/test-database.ts';

// Parameters that are set before a query executes, which is how `src/postgres-js/` sends all its own.

const database = useDatabase();

let client: Sql;

beforeEach(() => {
  client = database.connect({ max: 1, transform: { value: { from: (value) => value } } });
});

interface Query<Answer> extends Promise<Answer> {
  parameters: (string | null)[];
  values(): Query<unknown[][]>;
  raw(): Query<Buffer[][]>;
  cursor(rows: number): AsyncIterable<Record<string, unknown>[]>;
  cancel(): void;
  execute(): Query<Answer>;
}

function bound(text: string, ...parameters: (string | null)[]): Query<Record<string, unknown>[]> {
  const query = client.unsafe(text, [], { simple: false } as object);
  return Object.assign(query, { parameters }) as unknown as Query<Record<string, unknown>[]>;
}

describe('parameters without a describe are sound with', () => {
  test.each([
    ['null', null],
    ["''", ''],
    ['quotes, backslashes and line breaks', `'"\\\n\r\t\v`],
    ['characters of every length in UTF-8', 'aä€😀'],
    ['60 MB', 'x'.repeat(60_000_000)],
  ])('%s', async (_, value) => {
    const [row] = await bound('select $1::text as value', value);
    expect(row?.value === value).toBe(true);
  });

  test('values() and raw()', async () => {
    expect([...(await bound('select $1::int as a, $2::text as b', '1', null).values())]).toEqual([[1, null]]);
    const [row] = await bound('select $1::int as a, $2::text as b', '1', null).raw();
    expect(row?.map((value) => value && String(value))).toEqual(['1', null]);
  });

  test('cursor()', async () => {
    const pages: number[] = [];
    for await (const rows of bound('select generate_series(1, $1::int) as n', '5').cursor(2))
      pages.push(rows.length);
    expect(pages).toEqual([2, 2, 1]);
  });

  test('cancel()', async () => {
    const sleeping = bound('select pg_sleep($1::int)', '20').execute();
    const rejected = rejectionOf(sleeping);
    const other = database.connect({ max: 1 });
    const isAsleep = () =>
      other`select 1 from pg_stat_activity where query like 'select pg_sleep(%' and state = 'active'`;
    await expect.poll(isAsleep).toHaveLength(1);
    sleeping.cancel();
    expect((await rejected).code).toBe('57014');
    expect(await bound('select $1::int as a', '1')).toEqual([{ a: 1 }]);
  });

  test('NUL, which the server refuses', async () => {
    expect((await rejectionOf(bound('select $1::text', 'a\0b'))).code).toBe('22021');
    expect(await bound('select $1::int as a', '1')).toEqual([{ a: 1 }]);
  });

  test('onnotice', async () => {
    const notices: unknown[] = [];
    client = database.connect({ onnotice: ({ message }) => notices.push(message) });
    await client.unsafe('create table once (a int)');
    await bound('create table if not exists once (a int)');
    expect(notices).toEqual(['relation "once" already exists, skipping']);
  });

  test('errors in mid-pipeline, each of which rejects its own query', async () => {
    const settled = await Promise.allSettled(
      ['1', 'no number', '2', '9999999999', '3'].map((value) => bound('select $1::int as a', value)),
    );
    expect(
      settled.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value[0]?.a : outcome.reason.code)),
    ).toEqual([1, '22P02', 2, '22003', 3]);
  });

  test('what postgres.js sends again: a query of its own after DDL, and never one of these', async () => {
    const relay = await database.relay();
    client = database.connect({ url: relay.url, max: 1 });
    await client.unsafe('drop table if exists changing; create table changing (a int)');
    const named = () => client`select * from changing`;
    await named();
    await bound('select * from changing where a is distinct from $1::int', '1');
    await client.unsafe('alter table changing add b int');
    relay.reset();
    await named();
    const retried = relay.statements.length;
    await bound('select * from changing where a is distinct from $1::int', '1');
    expect([retried, relay.statements.length - retried]).toEqual([1, 1]);
  });
});
