import { addressRows, type Person, userRows } from '../sides/side.ts';
import { addresses, users } from '../tables.ts';
import { graphTables } from './graph.ts';
import type { Job } from './job.ts';
import { type Crowd, givenOf, type PeopleIds, peopleOf } from './people.ts';

/** Rows of a transaction: one user; one with three addresses; 5, 20 and 100 users with two each. */
export const smallSizes = [1, 4, 15, 60, 300];

/** A third of the rows, but at least one, are users. */
const crowdOf = (rows: number): Crowd => {
  const users = Math.max(1, Math.floor(rows / 3));
  return { users, addresses: rows - users };
};

/** `1 + 3` for one user with three addresses. */
export function shapeOf(rows: number): string {
  const crowd = crowdOf(rows);
  return crowd.addresses === 0 ? String(crowd.users) : `${crowd.users} + ${crowd.addresses}`;
}

/**
 * The rows of the first transaction of a run. The server forgets what it cached of a table that is emptied.
 * Reading that again would be a large part of a small transaction.
 */
const openingRows = (size: number) => Math.min(size, 4);

/** The people of each transaction of a run. The first one is not timed. */
function transactionsOf(size: number, transactions: number): Person[][] {
  let first: Crowd = { users: 0, addresses: 0 };
  return [openingRows(size), ...Array.from({ length: transactions }, () => size)].map((rows) => {
    const crowd = crowdOf(rows);
    const people = peopleOf(crowd, first);
    first = { users: first.users + crowd.users, addresses: first.addresses + crowd.addresses };
    return people;
  });
}

export const small: Job = {
  name: 'small',
  title: 'few users and addresses in one transaction, again and again',
  unit: 'rows',
  tables: graphTables,
  rows: (size) => size,
  async expect(referee, size, transactions = 1) {
    const people = transactionsOf(size, transactions).flat();
    await referee.expect(users, people.length, userRows(people));
    const rows = addressRows(people, []);
    await referee.expect(addresses, rows.length, rows);
  },
  prepare(session, size, { transactions = 1 } = {}) {
    const write = session.small ?? session.graph;
    if (!write) return undefined;
    const [opening = [], ...timed] = transactionsOf(size, transactions);
    const ids: PeopleIds[] = [];
    const run = async () => {
      for (const people of timed) ids.push(await write(people));
      return givenOf([opening, ...timed].flat(), {
        users: ids.flatMap(({ users }) => users),
        addresses: ids.flatMap(({ addresses }) => addresses),
      });
    };
    return Object.assign(run, { open: async () => void ids.push(await write(opening)) });
  },
};
