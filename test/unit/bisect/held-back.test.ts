import { setImmediate as turn } from 'node:timers/promises';
import type { PgTable } from 'drizzle-orm/pg-core';
import { beforeEach, expect, test } from 'vitest';
import { HeldBack } from '../../../src/bisect/held-back.ts';
import { type Entry, Reference } from '../../../src/take/entry.ts';
import { entryOf } from '../../support/entries.ts';
import { addresses, logs, users } from '../../support/schema.ts';

/** An entry that another flush is writing. */
function taken(table: PgTable, values: object): Entry {
  const entry = entryOf(table, values);
  entry.state = 'taken';
  return entry;
}

const user = (name: string) => taken(users, { name });
const addressOf = (owner: Entry, email: string) =>
  taken(addresses, { email, userId: new Reference(owner, 0, 0) });
const written = { value: () => undefined };

let writes: (readonly Entry[])[];
let background: Promise<void>[];
let heldBack: HeldBack;
let until: Promise<void>;
let pass: () => void;

beforeEach(() => {
  writes = [];
  background = [];
  heldBack = new HeldBack(
    async (entries) => void writes.push(entries),
    (work) => void background.push(work),
  );
  until = new Promise((resolve) => {
    pass = resolve;
  });
});

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await turn();
}

test('entries are written in the order of their calls, however their parents settle', async () => {
  const owners = ['a', 'b', 'c'].map(user);
  const children = owners.map((owner, n) => Object.assign(addressOf(owner, `${n}`), { call: n }));
  expect(heldBack.holdBack(children, undefined, until)).toEqual([]);
  for (const owner of [...owners].reverse()) {
    owner.conclude(written);
    await turns(3);
  }
  expect(writes).toEqual([]);
  pass();
  await Promise.all(background);
  expect(writes).toEqual([children]);
});

test('one whose parent waits longer than the others have been answered holds up no other', async () => {
  const owners = ['a', 'b'].map(user);
  const [first, second] = owners.map((owner, n) => Object.assign(addressOf(owner, `${n}`), { call: n }));
  heldBack.holdBack([first, second] as Entry[], undefined, until);
  owners[1]?.conclude(written);
  pass();
  await turns(3);
  expect(writes).toEqual([[second]]);
  owners[0]?.conclude(written);
  await Promise.all(background);
  expect(writes).toEqual([[second], [first]]);
});

test('an entry behind one that is held back is held back, too, if it is of its table', async () => {
  const owner = user('a');
  const all = [
    taken(addresses, { email: '0', userId: 7 }),
    addressOf(owner, '1'),
    taken(logs, { message: 'm' }),
    taken(addresses, { email: '2', userId: 7 }),
  ];
  for (const [call, entry] of all.entries()) entry.call = call;
  expect(heldBack.holdBack(all, undefined, until)).toEqual([all[0], all[2]]);
  owner.conclude(written);
  pass();
  await Promise.all(background);
  expect(writes).toEqual([[all[1], all[3]]]);
});

test('by themselves, only entries are held back that wait for others', () => {
  const child = addressOf(user('a'), '1');
  const behind = taken(addresses, { email: '2', userId: 7 });
  expect(heldBack.holdBack([child, behind])).toEqual([behind]);
});

test('entries that are written together with their parents are not held back', () => {
  const owner = user('a');
  const all = [owner, addressOf(owner, '1')];
  expect(heldBack.holdBack(all, new Set(all))).toBe(all);
});
