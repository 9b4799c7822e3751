import { describe, expect, test } from 'vitest';
import { CopyStatement } from '../../../src/driver/statement.ts';
import type { Chunk } from '../../../src/plan/chunk.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { copyChunk } from '../../../src/write/copy.ts';
import { times } from '../../support/copies.ts';
import { dialect, entryOf, planOf } from '../../support/entries.ts';
import { addresses, counters, logs, users, wide } from '../../support/schema.ts';
import { statementsOf } from '../../support/written.ts';

const copiedPlan = (entries: readonly Entry[]): Plan => planOf(entries, { copyRows: 2 });

/** The lines of a plan's chunk, after the server has returned its keys. */
async function linesOf({ chunks }: Plan, index = 0, keysKnown = Promise.resolve()): Promise<string> {
  const { blocks } = copyChunk(chunks[index] as Chunk, dialect, keysKnown);
  const bytes: Uint8Array[] = [];
  for await (const block of blocks()) bytes.push(block);
  return Buffer.concat(bytes).toString();
}

function tell({ lists }: Plan, ...keys: string[][]): void {
  for (const [index, list] of lists.entries()) list.keys = keys[index] ?? [];
}

describe('a COPY', () => {
  test('names the columns that its rows give, quoted where they need it', () => {
    const text = (...entries: Entry[]) => statementsOf(copiedPlan(entries))[0]?.text;
    expect(text(entryOf(users, [{ name: 'a' }, { name: 'b' }]))).toBe('copy "users" ("name") from stdin');
    expect(
      text(
        entryOf(counters, [
          { id: 1, value: 'a' },
          { id: 2, value: 'b' },
        ]),
      ),
    ).toBe('copy "app data"."we""ird" ("Id", "va lue") from stdin');
  });

  test('is what a chunk of many rows is written by, without parameters', () => {
    const [statement] = statementsOf(copiedPlan([entryOf(users, [{ name: 'a' }, { name: 'b' }])]));
    expect(statement).toBeInstanceOf(CopyStatement);
    expect(statement).toMatchObject({ params: [], guarded: true });
  });

  test('has a line for each row, in call order, in blocks as they are asked for', async () => {
    const plan = copiedPlan(times(5_001, (n) => entryOf(logs, { level: `${n}`, message: 'm' })));
    expect(await linesOf(plan)).toBe(times(5_001, (n) => `${n}\tm\n`).join(''));
    let blocks = 0;
    for await (const _ of copyChunk(plan.chunks[0] as Chunk, dialect, Promise.resolve()).blocks()) blocks++;
    expect(blocks).toBe(3);
  });

  test('tells NULL from each text, and doubles what would be read as something else', async () => {
    const texts = [null, '', '\\N', 'NULL', '\\.', 'a\tb', 'a\nb', 'a\rb', 'a\\b'];
    const plan = copiedPlan([
      entryOf(
        users,
        texts.map((name) => ({ name })),
      ),
    ]);
    expect(await linesOf(plan)).toBe(
      ['\\N', '', '\\\\N', 'NULL', '\\\\.', 'a\\tb', 'a\\nb', 'a\\rb', 'a\\\\b', ''].join('\n'),
    );
  });

  test('has numbers, documents and lists as the server reads them', async () => {
    const rows = [{ small: -1, precise: 1.5e300, document: { a: 'x\ty' }, labels: ['a b', null] }];
    const plan = copiedPlan([entryOf(wide, [...rows, ...rows])]);
    expect((await linesOf(plan)).split('\n')[0]).toBe('-1\t1.5e+300\t{"a":"x\\\\ty"}\t{"a b",null}');
  });

  test('gives rows the keys that were taken for them, in order, and leaves them those they bring', async () => {
    const rows = [{ name: 'a' }, { id: 100, name: 'own' }, { name: 'b' }];
    const plan = copiedPlan([entryOf(users, rows, { returning: [users.id] })]);
    expect(plan.lists).toMatchObject([{ size: 2 }]);
    tell(plan, ['7', '17']);
    expect(await linesOf(plan)).toBe('7\ta\n100\town\n17\tb\n');
  });

  test("gives children their parents' keys, whichever rows they name", async () => {
    const parents = entryOf(users, [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    const children = times(3, (n) =>
      entryOf(addresses, { email: `${n}`, userId: refer(parents, 'id', 2 - n) }),
    );
    const plan = copiedPlan([parents, ...children]);
    tell(plan, ['7', '9', '8']);
    expect(await linesOf(plan, 1)).toBe('0\t8\n1\t9\n2\t7\n');
  });

  test('waits for the keys of its flight, and fails where they are not told', async () => {
    const plan = copiedPlan([entryOf(users, [{ name: 'a' }, { name: 'b' }], { returning: [users.id] })]);
    let told = (): void => {};
    const lines = linesOf(
      plan,
      0,
      new Promise((resolve) => {
        told = resolve;
      }),
    );
    tell(plan, ['7', '8']);
    told();
    expect(await lines).toBe('7\ta\n8\tb\n');
    const refused = Promise.reject(new Error('no keys'));
    await expect(linesOf(plan, 0, refused)).rejects.toThrow('no keys');
    tell(plan, ['7']);
    await expect(linesOf(plan)).rejects.toThrow('key 2 of "users" is not known');
  });
});
