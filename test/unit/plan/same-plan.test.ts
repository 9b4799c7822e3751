import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import type { EncodedCell } from '../../../src/plan/encode-rows.ts';
import { distinctPlans, hasSamePlan } from '../../../src/plan/same-plan.ts';
import type { Entry } from '../../../src/take/entry.ts';
import type { Rows } from '../../../src/take/form.ts';
import { refer } from '../../../src/take/ref.ts';
import { doNothing, entryOf } from '../../support/entries.ts';
import { addresses, users } from '../../support/schema.ts';

const nothing: ReadonlyMap<Entry, Rows<EncodedCell>> = new Map();
const ada = (): Entry => entryOf(users, { name: 'Ada' });

test('entries that give the same columns and want the same back are alike, whatever their values and number', () => {
  expect(hasSamePlan(ada(), entryOf(users, [{ name: 'Bob' }, { name: null }]), nothing)).toBe(true);
});

test('an entry is not alike to one that differs in anything that planning asks', () => {
  const parent = ada();
  const referred = ada();
  refer(referred, 'id', 0);
  const awaited = ada();
  awaited.awaited = true;
  const returning = ada();
  returning.returning = returning.shape.selection;
  const encoded = ada();
  const others: [Entry, ReadonlyMap<Entry, Rows<EncodedCell>>?][] = [
    [entryOf(users, { id: 1, name: 'Bob' })],
    [entryOf(users, [{ name: 'Bob' }, { id: 7 }])],
    [entryOf(users, { name: sql`upper('a')` })],
    [entryOf(users, { name: 'Bob' }, { conflict: doNothing() })],
    [entryOf(users, { name: 'Bob' }, { overriding: true })],
    [referred],
    [awaited],
    [returning],
    [encoded, new Map([[encoded, encoded as Rows<EncodedCell>]])],
  ];
  for (const [other, given = nothing] of others) {
    expect(hasSamePlan(parent, other, given)).toBe(false);
    expect(hasSamePlan(other, parent, given)).toBe(false);
  }
});

test('an entry that refers to another, or has expressions, is alike to none, not even to its like', () => {
  const parent = ada();
  const child = () => entryOf(addresses, { email: 'a', userId: refer(parent, 'id', 0) });
  expect(hasSamePlan(child(), child(), nothing)).toBe(false);
  const loud = () => entryOf(users, { name: sql`upper('a')` });
  expect(hasSamePlan(loud(), loud(), nothing)).toBe(false);
});

test('of neighbours that are alike the first is left, and one that is like an earlier one stays', () => {
  const own = () => entryOf(users, { id: 1, name: 'own' });
  const entries = [ada(), ada(), own(), own(), ada(), ada()];
  expect(distinctPlans(entries, nothing)).toEqual([entries[0], entries[2], entries[4]]);
});
