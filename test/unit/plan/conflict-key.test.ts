import { type Column, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import type { TableFacts } from '../../../src/facts/table-facts.ts';
import { entriesOf } from '../../../src/plan/chunk.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Conflict } from '../../../src/take/conflict.ts';
import type { Entry } from '../../../src/take/entry.ts';
import { refer } from '../../../src/take/ref.ts';
import { doNothing, doUpdate, entryOf, type PlanOptions, planOf } from '../../support/entries.ts';
import { factsOf, withColumn } from '../../support/facts.ts';
import { anyBatch, checkPlans, plannedRows } from '../../support/planned.ts';
import { addresses, counters, logs, members, nodes, tokens, users, wide } from '../../support/schema.ts';

/** The entries of each statement, by their places in call order. */
const sharing = ({ chunks }: Plan, entries: readonly Entry[]): number[][] =>
  chunks.map((chunk) => [...new Set(chunk.entries.map((entry) => entries.indexOf(entry)))]);

function sharingOf(entries: readonly Entry[], facts?: TableFacts, options: PlanOptions = {}): number[][] {
  const [first] = entries;
  const known = facts && first ? new Map([[first.shape.table, facts]]) : new Map();
  return sharing(planOf(entries, { facts: known, ...options }), entries);
}

const name = [users.name];
const label = (set = sql`excluded."label"`): [Column, typeof set] => [nodes.label, set];
const upsert = (id: unknown, clause = doUpdate([nodes.id], label()), returning?: Column[]) =>
  entryOf(nodes, { id, label: 'x' }, { conflict: clause, ...(returning && { returning }) });
const ignore = (value: string | null, conflict: Conflict = doNothing(name)) =>
  entryOf(users, { name: value }, { conflict });

test('a statement of several entries with a conflict clause has all rows of each, and no value twice', () => {
  checkPlans(anyBatch, ({ chunks }) => {
    for (const chunk of chunks) {
      const { conflictKey, size, way } = chunk;
      const entries = [...entriesOf(chunk)];
      if (!conflictKey) {
        if (entries.some(({ conflict }) => conflict)) expect(way).toBe('own');
        continue;
      }
      expect(entries.length).toBeGreaterThan(1);
      expect(new Set(entries.map(({ conflict }) => JSON.stringify(conflict?.texts))).size).toBe(1);
      expect(size).toBe(entries.reduce((sum, { count }) => sum + count, 0));
      if (conflictKey.values) expect(conflictKey.values.size).toBe(size);
      for (const { cells } of plannedRows(chunk))
        for (const column of conflictKey.columns) expect(cells[column] ?? null).not.toBeNull();
    }
  });
});

test('statements of a table with conflict clauses keep the order of the calls', () => {
  checkPlans(anyBatch, ({ chunks, later }, { entries }) => {
    const tables = new Set(chunks.filter(({ first }) => first.conflict).map(({ shape }) => shape.table));
    const ready = entries.filter((entry) => !later.includes(entry));
    for (const table of tables) {
      const own = chunks.filter(({ shape }) => shape.table === table).flatMap(plannedRows);
      const places = own.map(({ entry, row }) => ready.indexOf(entry) * 1_000 + row);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });
});

describe('do nothing', () => {
  test('is told apart by a key that is taken for each row, which the target does not matter to', () => {
    for (const conflict of [doNothing(), doNothing(name), doNothing(name, sql`true`)]) {
      const entries = ['a', 'a', null].map((value) => ignore(value, conflict));
      const plan = planOf(entries);
      expect(sharing(plan, entries)).toEqual([[0, 1, 2]]);
      expect(plan).toMatchObject({
        lists: [{ column: 0, size: 3 }],
        chunks: [{ conflictKey: { columns: [0], values: undefined } }],
      });
    }
  });

  test('by its target where there is no such key, or the role may not see it', () => {
    const hidden = withColumn(factsOf(users), 'id', { selectable: false });
    for (const facts of [hidden, withColumn(factsOf(users), 'id', { keys: null })]) {
      const entries = ['a', 'a'].map((value) => ignore(value));
      expect(planOf(entries, { facts: new Map([[users, facts]]) })).toMatchObject({
        lists: [],
        chunks: [{ conflictKey: { columns: [1], values: undefined } }],
      });
      expect(sharingOf([ignore('a'), ignore(null), ignore('b')], facts)).toEqual([[0], [1], [2]]);
    }
  });

  test('by a value that no two rows of a statement share where it has no target', () => {
    const ids = ['a', 'b', 'A', 'c'].map((last) => `00000000-0000-4000-8000-00000000000${last}`);
    const token = (conflict: Conflict) => ids.map((id) => entryOf(tokens, { id, label: 'x' }, { conflict }));
    expect(sharingOf(token(doNothing()))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(sharingOf(token(doNothing([tokens.id])))).toEqual([[0, 1, 2, 3]]);
    expect(sharingOf(token(doNothing([tokens.id], sql`uses > 1`)))).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test('by nothing: then it stands alone', () => {
    const log = { level: 'a', message: 'b' };
    const entries = [1, 2].map(() => entryOf(logs, log, { conflict: doNothing() }));
    expect(sharingOf(entries)).toEqual([[0], [1]]);
  });

  test('takes no keys for a clause that one entry alone has', () => {
    const entries = [
      entryOf(users, { name: 'a' }),
      entryOf(users, [{}, { name: 'b' }], { conflict: doNothing() }),
    ];
    expect(planOf([entries[1] as Entry]).lists).toEqual([]);
    expect(sharingOf(entries)).toEqual([[0], [1]]);
  });
});

describe('do update', () => {
  test('shares a statement for different targets, and has the same one in turn', () => {
    expect(sharingOf([1, 2, 3, 2, 4, 1].map((id) => upsert(id)))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(sharingOf([7, '07', '+7', ' 7', '-7', 8].map((id) => upsert(id)))).toEqual([
      [0],
      [1],
      [2],
      [3, 4, 5],
    ]);
  });

  test('never has rows that differ in what may be the same value', () => {
    const parents = ['a', 'b'].map((value) => entryOf(users, { name: value }));
    const conflict = doUpdate([nodes.id], label());
    const by = (id: unknown) => entryOf(nodes, { id, label: 'x' }, { conflict });
    const [first, second] = parents as [Entry, Entry];
    const entries = [
      ...parents,
      by(refer(first, 'id', 0)),
      by(refer(second, 'id', 0)),
      by(1),
      by(refer(first, 'id', 0)),
    ];
    // A key that is not known yet may be 1.
    expect(sharingOf(entries)).toEqual([[0, 1], [2, 3], [4], [5]]);
    const mixed = entryOf(
      nodes,
      [
        { id: refer(first, 'id', 0), label: 'x' },
        { id: 5, label: 'x' },
      ],
      { conflict },
    );
    expect(sharingOf([...parents, by(8), mixed, by(9)])).toEqual([[0, 1], [2], [3], [4]]);
  });

  test('has an entry that gives one target twice alone', () => {
    const twice = entryOf(
      nodes,
      [
        { id: 1, label: 'x' },
        { id: '01', label: 'x' },
      ],
      {
        conflict: doUpdate([nodes.id], label()),
      },
    );
    expect(sharingOf([upsert(5), twice, upsert(6)])).toEqual([[0], [1], [2]]);
  });

  test('is not split by a limit, nor with rows that leave different columns out', () => {
    const conflict = doUpdate([nodes.id], label());
    const pair = (id: number) =>
      entryOf(
        nodes,
        [id, id + 1].map((each) => ({ id: each, label: 'x' })),
        { conflict },
      );
    const entries = [1, 3, 5].map(pair);
    expect(sharingOf(entries, undefined, { maxRows: 3 })).toEqual([[0], [1], [2]]);
    expect(sharingOf(entries, undefined, { maxRows: 4 })).toEqual([[0, 1], [2]]);
    const uneven = entryOf(
      nodes,
      [
        { id: 8, label: 'x' },
        { id: 9, label: 'x', parentId: 1 },
      ],
      { conflict },
    );
    expect(sharingOf([upsert(1), uneven, upsert(2)])).toEqual([[0], [1], [2]]);
  });

  test.each<[string, Conflict, TableFacts?]>([
    ['whose target is no key of the table', doUpdate([nodes.parentId], label())],
    [
      'whose target is a type that only the server can compare',
      doUpdate([nodes.id], label()),
      withColumn(factsOf(nodes), 'id', { cast: 'pg_catalog.numeric' }),
    ],
    [
      'whose target the role may not select',
      doUpdate([nodes.id], label()),
      withColumn(factsOf(nodes), 'id', { selectable: false }),
    ],
    ['that assigns its target', doUpdate([nodes.id], [nodes.id, sql`excluded.id`])],
    [
      'that assigns what a foreign key points at',
      doUpdate([nodes.id], label()),
      withColumn(factsOf(nodes), 'label', { referenced: true }),
    ],
    ['that reads tables', doUpdate([nodes.id], label(sql`(SELECT 1)`))],
    [
      'that has a value which others can not be seen to share',
      doUpdate([nodes.id], label(sql`${sql.param({ a: 1 })}`)),
    ],
    [
      'of a table whose updates somebody looks at',
      doUpdate([nodes.id], label()),
      factsOf(nodes, { updatable: false }),
    ],
    ['of a secured table', doUpdate([nodes.id], label()), factsOf(nodes, { secured: true })],
  ])('stands alone %s', (_, conflict, facts) => {
    const row = (id: number) => entryOf(nodes, { id, label: 'x', parentId: id }, { conflict });
    expect(sharingOf([row(1), row(2)], facts)).toEqual([[0], [1]]);
  });

  test('stands alone where the client reads numbers in a way of its own', () => {
    expect(sharingOf([upsert(1), upsert(2)], undefined, { canParse: false })).toEqual([[0], [1]]);
  });

  test.each([null, undefined, 'one', sql`1`, '1e3'])('stands alone with the target %j', (id) => {
    expect(sharingOf([upsert(1), upsert(id), upsert(2)])).toEqual([[0], [1], [2]]);
  });

  test('has one parameter for all where all give the same value of the same type', () => {
    const at = new Date(0);
    const values = [1, 1, '1', 1n, true, at, new Date(0), null, 2];
    const entries = values.map((value, id) => upsert(id, doUpdate([nodes.id], label(sql`${value}`))));
    expect(sharingOf(entries)).toEqual([[0, 1], [2], [3], [4], [5, 6], [7], [8]]);
  });

  test('of texts and of several columns', () => {
    const texts = ['a', 'A', 'a ', '\ud800', '\udfff'].map((email) =>
      entryOf(
        members,
        { email, teamId: 1 },
        { conflict: doUpdate([members.email], [members.role, sql`excluded.role`]) },
      ),
    );
    expect(sharingOf(texts)).toEqual([[0, 1], [2, 3], [4]]);
    const unique = ['small', 'whole'].reduce(
      (facts, column) => withColumn(facts, column, { unique: 'pg_catalog.int4' }),
      factsOf(wide),
    );
    const pairs = [
      [1, 2],
      [2, 1],
      [12, 1],
      [1, 21],
      [1, 2],
    ].map(([small, whole]) =>
      entryOf(
        wide,
        { small, whole },
        { conflict: doUpdate([wide.small, wide.whole], [wide.note, sql`'x'`]) },
      ),
    );
    expect(sharingOf(pairs, unique)).toEqual([[0, 1, 2, 3], [4]]);
  });
});

test('neighbours share a statement, and nobody beyond an insert of the same table', () => {
  const plain = (table: PgTable) => entryOf(table, { label: 'x', value: 'x' });
  const entries = [upsert(1), upsert(2), plain(nodes), upsert(3), plain(counters), upsert(4), plain(nodes)];
  expect(sharingOf(entries).toSorted()).toEqual([[0, 1], [2], [3, 5], [4], [6]]);
});

test('a row that may be named is told, for which its key must be there to select', () => {
  const entries = [upsert(1), upsert(2)];
  const taken = entryOf(addresses, { email: 'a', userId: refer(entries[0] as Entry, 'id', 0) });
  expect(sharingOf([...entries, taken])).toEqual([[0, 1], [2]]);
  const named = ['a', 'b'].map((value) => ignore(value));
  expect(planOf(named, { mayBeNamed: true }).chunks).toMatchObject([{ returnedColumns: new Set([0]) }]);
});
