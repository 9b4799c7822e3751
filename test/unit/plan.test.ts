import { sql } from 'drizzle-orm';
import { type PgTable, pgTable, serial, text } from 'drizzle-orm/pg-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foreignTables } from '../../src/drizzle-facts.ts';
import { type Entry, Expression } from '../../src/entry.ts';
import { type Chunk, isKeyPlace, type KeyPlace, type Plan } from '../../src/plan.ts';
import { Reference, refer } from '../../src/reference.ts';
import type { TableFacts } from '../../src/table-facts.ts';
import { columnFacts } from '../../src/table-facts.ts';
import { type Batch, batches } from '../support/arbitrary-entries.ts';
import { entryOf, planOf } from '../support/entries.ts';
import { factsOf, withColumn } from '../support/facts.ts';
import { addresses, events, logs, nodes, tokens, users } from '../support/schema.ts';

const anyBatch = batches({ expression: 1 });
const runs = { numRuns: 300 };

function check(batch: fc.Arbitrary<Batch>, property: (plan: Plan, batch: Batch) => void): void {
  fc.assert(
    fc.property(batch, (given) => property(planOf(given.entries, given.options), given)),
    runs,
  );
}

/** A row by its entry's place in the call order and its own in the entry. */
const rowName = (entries: readonly Entry[], entry: Entry, row: number) =>
  entries.indexOf(entry) * 1_000 + row;
const rowNames = ({ rows }: Chunk, entries: readonly Entry[]) =>
  rows.map(({ entry, row }) => rowName(entries, entry, row));

/** The keys that rows are given for columns they leave out, by table and column, in call order. */
function keysTaken({ chunks }: Plan, entries: readonly Entry[]): Map<string, KeyPlace[]> {
  const taken = new Map<string, KeyPlace[]>();
  const rows = chunks.flatMap((chunk) => chunk.rows);
  const inCallOrder = rows.toSorted(
    (a, b) => rowName(entries, a.entry, a.row) - rowName(entries, b.entry, b.row),
  );
  for (const { entry, row, cells } of inCallOrder) {
    for (const [column, cell] of cells.entries()) {
      if (!isKeyPlace(cell) || entry.rows[row]?.[column] !== undefined) continue;
      const name = `${entry.shape.name}.${column}`;
      taken.set(name, [...(taken.get(name) ?? []), cell]);
    }
  }
  return taken;
}

describe('chunks', () => {
  test('hold every row exactly once, unless its whole entry has to wait', () => {
    check(anyBatch, ({ chunks, later }, { entries }) => {
      const planned = chunks.flatMap((chunk) => rowNames(chunk, entries));
      const expected = entries
        .filter((entry) => !later.includes(entry))
        .flatMap((entry) => entry.rows.map((_, row) => rowName(entries, entry, row)));
      expect(planned.toSorted((a, b) => a - b)).toEqual(expected);
    });
  });

  test('hold rows of one table, in call order', () => {
    check(anyBatch, ({ chunks }, { entries }) => {
      for (const chunk of chunks) {
        expect(chunk.rows.every(({ entry }) => entry.shape === chunk.shape)).toBe(true);
        const names = rowNames(chunk, entries);
        expect(names).toEqual(names.toSorted((a, b) => a - b));
      }
    });
  });

  test('keep to the limits, unless an entry stands alone', () => {
    check(anyBatch, ({ chunks }, { options: { maxRows = 0, maxBytes = 0 } }) => {
      for (const { alone, rows, bytes } of chunks) {
        if (alone) continue;
        expect(rows.length).toBeLessThanOrEqual(maxRows);
        expect(bytes - 10, 'before its last row').toBeLessThan(maxBytes);
        expect(bytes).toBeCloseTo(rows.length * 10);
      }
    });
  });

  test('hold one entry, whole, where they stand alone', () => {
    check(anyBatch, ({ chunks }) => {
      for (const { alone, rows } of chunks) {
        if (!alone) continue;
        expect(new Set(rows.map(({ entry }) => entry)).size).toBe(1);
        expect(rows).toHaveLength(rows[0]?.entry.rows.length ?? 0);
      }
    });
  });

  test('hold rows that leave the same columns to the database, and take OVERRIDING alike', () => {
    check(anyBatch, ({ chunks }) => {
      for (const { alone, rows } of chunks) {
        if (alone) continue;
        const kinds = rows.map(({ entry, cells }) =>
          JSON.stringify([entry.overriding, ...cells.map((cell) => cell === undefined)]),
        );
        expect(new Set(kinds).size).toBe(1);
      }
    });
  });

  test('are as few as their limits allow for rows alike', () => {
    const entries = Array.from({ length: 7 }, (_, index) => entryOf(users, { name: `${index}` }));
    expect(planOf(entries).chunks).toHaveLength(1);
    expect(planOf(entries, { maxRows: 3 }).chunks.map(({ rows }) => rows.length)).toEqual([3, 3, 1]);
    expect(planOf(entries, { maxBytes: 18 }).chunks.map(({ rows }) => rows.length)).toEqual([2, 2, 2, 1]);
  });
});

describe('the order of chunks', () => {
  test('has every row behind the rows that it refers to', () => {
    check(anyBatch, ({ chunks }, { entries }) => {
      const at = new Map(
        chunks.flatMap((chunk, index) => rowNames(chunk, entries).map((name) => [name, index])),
      );
      for (const [index, { rows }] of chunks.entries()) {
        for (const { entry } of rows) {
          for (const { entry: parent, row } of entry.references.map((reference) => reference.source()))
            expect(at.get(rowName(entries, parent, row))).toBeLessThanOrEqual(index);
        }
      }
    });
  });

  test('has the tables that foreign keys point at before those that point', () => {
    check(batches({ reference: 0 }), ({ chunks }) => {
      for (const [index, child] of chunks.entries()) {
        for (const later of chunks.slice(index + 1)) {
          if (later.shape === child.shape) continue;
          expect(foreignTables(child.shape.table)).not.toContain(later.shape.table);
        }
      }
    });
  });

  test('is the call order for a table that points at itself, and where entries stand alone', () => {
    check(batches({ expression: 2, reference: 0 }), ({ chunks }, { entries }) => {
      for (const table of new Set(chunks.map(({ shape }) => shape.table))) {
        const own = chunks.filter(({ shape }) => shape.table === table);
        if (table !== nodes && !own.some(({ alone }) => alone)) continue;
        const names = own.flatMap((chunk) => rowNames(chunk, entries));
        expect(names).toEqual(names.toSorted((a, b) => a - b));
      }
    });
  });

  test('is the call order for tables in a cycle, which references can form', () => {
    const user = entryOf(users, { name: 'Ada' });
    const address = entryOf(addresses, { email: 'a', userId: refer(user, 'id', 0) });
    const namesake = entryOf(users, { id: refer(address, 'id', 0), name: 'Bob' });
    const order = [user, address, namesake, entryOf(addresses, { email: 'b' })];
    expect(planOf(order).chunks.map(({ rows }) => rows[0]?.entry)).toEqual(order);
  });
});

describe('cells', () => {
  test('are what the row has for each column: its text, its expression, or the place of a key', () => {
    check(anyBatch, ({ chunks, lists }) => {
      for (const { rows, shape } of chunks) {
        for (const { entry, row, cells } of rows) {
          expect(cells).toHaveLength(shape.columns.length);
          for (const [column, cell] of cells.entries()) {
            const given = entry.rows[row]?.[column];
            if (given instanceof Reference) expect(isKeyPlace(cell)).toBe(true);
            else if (given !== undefined) expect(cell).toBe(given);
            else expect(cell === undefined || isKeyPlace(cell)).toBe(true);
            if (isKeyPlace(cell)) expect(lists).toContain(cell.list);
          }
        }
      }
    });
  });

  test('of a reference have the very key that its parent row is written with', () => {
    check(anyBatch, ({ chunks }, { entries }) => {
      const rows = chunks.flatMap((chunk) => chunk.rows);
      const written = new Map(rows.map((each) => [rowName(entries, each.entry, each.row), each.cells]));
      for (const { entry, row, cells } of rows) {
        for (const [column, cell] of cells.entries()) {
          const given = entry.rows[row]?.[column];
          if (!(given instanceof Reference)) continue;
          const source = given.source();
          expect(cell).toBe(written.get(rowName(entries, source.entry, source.row))?.[source.column]);
        }
      }
    });
  });
});

describe('keys', () => {
  test('have places that count from 1 to the size of their list, rising in call order', () => {
    check(anyBatch, (plan, { entries }) => {
      const taken = [...keysTaken(plan, entries).values()].flat();
      for (const list of plan.lists) {
        const positions = taken.filter((place) => place.list === list).map(({ position }) => position);
        expect(positions).toEqual(Array.from({ length: list.size }, (_, index) => index + 1));
      }
      expect(new Set(plan.lists.map(({ name }) => name)).size).toBe(plan.lists.length);
    });
  });

  test('of one column rise in call order over all its lists, which are taken one after another', () => {
    check(anyBatch, (plan, { entries }) => {
      for (const places of keysTaken(plan, entries).values()) {
        const rank = ({ list, position }: KeyPlace) => plan.lists.indexOf(list) * 1_000 + position;
        expect(places.map(rank)).toEqual(places.map(rank).toSorted((a, b) => a - b));
      }
    });
  });

  test('are taken ahead for all rows of a table that several statements write', () => {
    check(anyBatch, ({ chunks }) => {
      for (const { shape, facts, rows } of chunks) {
        if (!facts?.plain || chunks.filter((chunk) => chunk.shape === shape).length < 2) continue;
        for (const { cells } of rows) {
          for (const [column, cell] of cells.entries())
            if (columnFacts(facts, shape, column)?.keys) expect(cell).not.toBeUndefined();
        }
      }
    });
  });

  test('are not taken where nobody needs them', () => {
    const entries = [entryOf(users, { name: 'Ada' }), entryOf(users, { name: 'Bob' })];
    expect(planOf(entries).lists).toEqual([]);
    expect(planOf([entryOf(users, { name: 'Ada' }, { returning: [users.id] })]).lists).toEqual([]);
  });

  test('are taken for rows that are returned or referred to', () => {
    const returned = ['Ada', 'Bob'].map((name) => entryOf(users, { name }, { returning: [users.name] }));
    expect(planOf(returned).lists).toMatchObject([{ name: 'k0', column: 0, size: 2 }]);
    const parent = entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }]);
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 1) });
    expect(planOf([parent, child]).lists).toMatchObject([{ name: 'k0', column: 0, size: 2 }]);
  });

  test('are taken for rows that may be named later, unless they may not be seen', () => {
    const entries = [entryOf(users, { name: 'Ada' }), entryOf(users, { name: 'Bob' })];
    const taken = (given: Partial<TableFacts>) =>
      planOf(entries, { mayBeNamed: true, facts: new Map([[users, factsOf(users, given)]]) }).lists;
    expect(taken({})).toMatchObject([{ name: 'k0', column: 0, size: 2 }]);
    expect(taken({ secured: true })).toEqual([]);
    expect(taken({ plain: false })).toEqual([]);
  });

  test('are told by a row that is all there is, which then needs no key query', () => {
    const referred = entryOf(users, { name: 'Ada' });
    refer(referred, 'id', 0);
    for (const { lists, chunks } of [
      planOf([referred]),
      planOf([entryOf(users, { name: 'Ada' })], { mayBeNamed: true }),
    ]) {
      expect(lists).toEqual([]);
      expect(chunks).toMatchObject([{ alone: true, told: new Set([0]) }]);
    }
  });

  test('are taken for such a row where the role may not select them', () => {
    const secured = factsOf(users, { secured: true });
    const hidden = withColumn(factsOf(users), 'id', { selectable: false });
    for (const facts of [secured, hidden]) {
      const referred = entryOf(users, { name: 'Ada' });
      refer(referred, 'id', 0);
      expect(planOf([referred], { facts: new Map([[users, facts]]) }).lists).toHaveLength(1);
    }
  });

  test('that nobody can take ahead are told by the written row, where somebody refers to them', () => {
    const referred = entryOf(users, { name: 'Ada' });
    const child = entryOf(addresses, { email: 'a', userId: refer(referred, 'id', 0) });
    const odd = new Map([[users, factsOf(users, { plain: false })]]);
    const { chunks } = planOf([referred, entryOf(users, { name: 'Bob' }), child], { facts: odd });
    expect(chunks.map(({ told }) => [...told])).toEqual([[0], []]);
  });

  test('have a list for each chunk that its limits end, so that none is parsed for another', () => {
    const entries = ['a', 'b', 'c'].map((name) => entryOf(users, { name }, { returning: [users.id] }));
    const { chunks, lists } = planOf(entries, { maxRows: 2 });
    expect(lists.map(({ name, size }) => [name, size])).toEqual([
      ['k0', 2],
      ['k1', 1],
    ]);
    expect(chunks.map(({ rows }) => new Set(rows.map(({ cells }) => (cells[0] as KeyPlace).list)))).toEqual(
      lists.map((list) => new Set([list])),
    );
  });

  test('are not taken from a table that is not plain or not there, or without leave to', () => {
    const parent = () => entryOf(users, [{ name: 'Ada' }, { name: 'Bob' }], { returning: [users.id] });
    const odd = factsOf(users, { plain: false });
    const forbidden = withColumn(factsOf(users), 'id', { keys: null });
    for (const facts of [odd, forbidden, undefined])
      expect(planOf([parent()], { facts: new Map([[users, facts]]) }).lists).toEqual([]);
  });
});

describe('GENERATED ALWAYS', () => {
  const mixed = () => [entryOf(addresses, { email: 'taken' }), entryOf(addresses, { id: 7, email: 'given' })];

  test('rows that give a value and rows whose key is taken ahead go apart', () => {
    const parents = mixed();
    const child = entryOf(users, { id: refer(parents[0] as Entry, 'id', 0) });
    const { chunks } = planOf([...parents, child]);
    const own = chunks.filter(({ shape }) => shape.table === addresses);
    expect(own.map(({ rows }) => rows.map(({ entry }) => entry))).toEqual(parents.map((entry) => [entry]));
  });

  test('a value that a row gives never shares a statement with a key taken for another caller', () => {
    check(anyBatch, ({ chunks }) => {
      for (const { alone, shape, facts, rows } of chunks) {
        if (alone) continue;
        const column = shape.columns.findIndex((_, index) => columnFacts(facts, shape, index)?.always);
        const isGiven = rows
          .filter(({ entry, cells }) => !entry.overriding && cells[column] !== undefined)
          .map(({ entry, row }) => entry.rows[row]?.[column] !== undefined);
        expect(new Set(isGiven).size).toBeLessThan(2);
      }
    });
  });
});

describe('an entry stands alone', () => {
  const other = () => entryOf(users, { name: 'other' });
  const aloneIn = (entry: Entry, facts?: ReturnType<typeof factsOf>) => {
    const known = facts ? new Map([[entry.shape.table, facts]]) : new Map();
    const extra = entry.shape.table === users ? [other()] : [];
    const { chunks } = planOf([entry, ...extra], { facts: known });
    return chunks.find(({ rows }) => rows[0]?.entry === entry)?.alone;
  };
  const twoLogs = [
    { level: 'info', message: 'a' },
    { level: 'info', message: 'b' },
  ];

  test.each([
    ['with a conflict clause', entryOf(users, { name: 'a' }, { conflict: sql`do nothing` })],
    ['with an expression', entryOf(users, { name: sql`upper('a')` })],
    ['that returns an expression', entryOf(users, { name: 'a' }, { returning: [sql`1`] })],
    ['that returns rows which no column tells apart', entryOf(logs, twoLogs, { returning: [logs.level] })],
  ])('%s', (_, entry) => {
    expect(aloneIn(entry)).toBe(true);
  });

  test('of a table that is not plain', () => {
    expect(aloneIn(other(), factsOf(users, { plain: false }))).toBe(true);
  });

  test('of a table that the server does not have', () => {
    const { chunks } = planOf([other(), other()], { facts: new Map([[users, undefined]]) });
    expect(chunks.map(({ alone }) => alone)).toEqual([true, true]);
  });

  test('only then', () => {
    expect(aloneIn(other())).toBe(false);
    expect(aloneIn(entryOf(users, { name: 'a' }, { returning: [users.name] }))).toBe(false);
    expect(aloneIn(entryOf(logs, twoLogs))).toBe(false);
  });

  test('of all that any batch holds', () => {
    check(anyBatch, ({ chunks, identifiers, later }) => {
      const isLone = chunks.length === 1 && chunks[0]?.rows.length === 1 && later.length === 0;
      for (const { alone, rows, facts, shape } of chunks) {
        for (const { entry } of rows) {
          const isOdd = !facts?.plain || entry.conflict !== undefined || entry.rows.flat().some(isExpression);
          const isUntold = entry.returning !== undefined && !identifiers.has(shape.table);
          expect(alone).toBe(isOdd || isUntold || isLone);
        }
      }
    });
  });
});

const isExpression = (cell: unknown) => cell instanceof Expression;

describe('the column that tells returned rows apart', () => {
  const identifierOf = (table: PgTable, entries: Entry[], facts = factsOf(table)) =>
    planOf(entries, { facts: new Map([[table, facts]]) }).identifiers.get(table);

  test('has a key or a text of its own in every row of a statement that holds several callers', () => {
    check(anyBatch, ({ chunks, identifiers }) => {
      for (const { alone, rows, shape } of chunks) {
        const identifier = identifiers.get(shape.table);
        if (alone || identifier === undefined) continue;
        const texts = rows.map(({ cells }) => {
          const cell = cells[identifier];
          return isKeyPlace(cell) ? `${cell.list.name} ${cell.position}` : cell;
        });
        expect(texts.every((text) => typeof text === 'string')).toBe(true);
        expect(new Set(texts).size).toBe(rows.length);
      }
    });
  });

  const returned = (table: PgTable, ...ids: unknown[]) =>
    ids.map((id) => entryOf(table, { id, label: 'x', name: 'x' }, { returning: [users.id] }));
  const uuid = (last: string) => `00000000-0000-4000-8000-00000000000${last}`;

  const loose = pgTable('loose', { id: serial('id'), label: text('label') });

  test.each<[string, PgTable, unknown[], number | undefined]>([
    ['a serial that is left out', users, [undefined, undefined], 0],
    ['a serial that some rows give', users, [7, undefined, -1], 0],
    ['a primary key that the client made', tokens, [uuid('a'), uuid('b')], 0],
    ['a uuid that the server makes', events, [undefined, undefined], 0],
    ['no key given twice', users, [7, 7], undefined],
    ['no key that the server may make again, being no primary key', loose, [7, undefined], undefined],
    ['no number in another form than the server writes', users, ['07', '1'], undefined],
    ['no negative zero', users, [-0, '-0'], undefined],
    ['no uuid in capitals', tokens, [uuid('a').replace(/^0/, 'A'), uuid('b')], undefined],
    ['no uuid that ends in capitals', tokens, [uuid('A'), uuid('b')], undefined],
    ['no NULL', users, [null, 1], undefined],
  ])('can be %s', (_, table, ids, expected) => {
    expect(identifierOf(table, returned(table, ...ids))).toBe(expected);
  });

  test('is none that the role may not select', () => {
    const facts = withColumn(factsOf(users), 'id', { selectable: false });
    expect(identifierOf(users, returned(users, undefined, undefined), facts)).toBeUndefined();
  });

  test('is not looked for where nobody asks for rows, or there is one row', () => {
    expect(identifierOf(users, [entryOf(users, [{ name: 'a' }, { name: 'b' }])])).toBeUndefined();
    expect(identifierOf(users, returned(users, undefined))).toBeUndefined();
  });
});

describe('what waits for the next flight', () => {
  test('is what refers to a key that only the written row can tell, and what refers to that', () => {
    const odd = factsOf(users, { plain: false });
    const parent = entryOf(users, { name: 'Ada' });
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
    const grandchild = entryOf(nodes, { parentId: refer(child, 'id', 0), label: 'x' });
    const other = entryOf(addresses, { email: 'b' });
    const { chunks, later } = planOf([parent, child, grandchild, other], { facts: new Map([[users, odd]]) });
    expect(later).toEqual([child, grandchild]);
    expect(chunks.flatMap(({ rows }) => rows.map(({ entry }) => entry))).toEqual([parent, other]);
  });

  test('is what refers to a row that a conflict clause may leave out, or make another row of', () => {
    const name = 'Ada';
    for (const conflict of [sql`do nothing`, sql`("name") do update set "name" = ${name}`]) {
      const parent = entryOf(users, { name }, { conflict });
      const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
      expect(planOf([parent, child]).later).toEqual([child]);
    }
  });

  test('is nothing once the key is known', () => {
    const odd = new Map([[users, factsOf(users, { plain: false })]]);
    const parent = entryOf(users, { name: 'Ada' });
    const child = entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
    parent.known.set(0, ['7']);
    const { chunks, later } = planOf([parent, child], { facts: odd });
    expect(later).toEqual([]);
    expect(chunks[1]?.rows[0]?.cells).toEqual([undefined, 'a', '7']);
  });

  test('is in call order, and refers to what waits or can not be taken ahead', () => {
    check(anyBatch, ({ later }, { entries, options }) => {
      expect(later).toEqual(entries.filter((entry) => later.includes(entry)));
      const isWaiting = (entry: Entry) =>
        entry.references.some((reference) => {
          const { shape } = reference.source().entry;
          return later.includes(reference.source().entry) || !options.facts?.get(shape.table)?.plain;
        });
      for (const entry of entries) expect(later.includes(entry)).toBe(isWaiting(entry));
    });
  });
});

test('rows of a secured table are apart where they are returned, since RETURNING asks for more', () => {
  const entries = [
    entryOf(users, { name: 'a' }),
    entryOf(users, { name: 'b' }, { returning: [users.id] }),
    entryOf(users, { name: 'c' }),
  ];
  const rowsOf = ({ chunks }: Plan) =>
    chunks.map(({ rows }) => rows.map(({ entry }) => entries.indexOf(entry)));
  expect(rowsOf(planOf(entries))).toEqual([[0, 1, 2]]);
  const secured = new Map([[users, factsOf(users, { secured: true })]]);
  expect(rowsOf(planOf(entries, { facts: secured }))).toEqual([[0, 2], [1]]);
});
