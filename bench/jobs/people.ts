import type { Given } from '../method/database.ts';
import type { Ids, Person } from '../sides/side.ts';
import { addresses, users } from '../tables.ts';

/** So many users and addresses. */
export interface Crowd {
  readonly users: number;
  readonly addresses: number;
}

/** The ids of some people, in their order. */
export interface PeopleIds {
  readonly users: Ids;
  readonly addresses: Ids;
}

/**
 * People who have the addresses evenly among them. `first` is the number of the first user and of the first
 * address. A number has the same values in every job, because the referee keeps them by number.
 */
export function peopleOf(crowd: Crowd, first: Crowd = { users: 0, addresses: 0 }): Person[] {
  const before = (user: number) => Math.floor((user * crowd.addresses) / crowd.users);
  return Array.from({ length: crowd.users }, (_, user) => ({
    name: nameOf(first.users + user),
    emails: Array.from({ length: before(user + 1) - before(user) }, (_, n) =>
      emailOf(first.addresses + before(user) + n),
    ),
  }));
}

export const nameOf = (user: number) => `user ${user}`;

const emailOf = (address: number) =>
  `${Math.floor(address / 2)}@${address % 2 === 0 ? 'home' : 'work'}.example`;

/** What the referee checks: each id, and for each address its own user's id. */
export function givenOf(people: readonly Person[], ids: PeopleIds): Given[] {
  const parents = people.flatMap(({ emails }, n) => emails.map(() => ids.users[n] ?? 0));
  return [
    { table: users, count: people.length, ids: ids.users },
    {
      table: addresses,
      count: parents.length,
      ids: ids.addresses,
      parents: { column: 'user_id', ids: parents },
    },
  ];
}
