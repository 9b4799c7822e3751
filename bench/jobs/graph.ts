import { addressRows, userRows } from '../sides/side.ts';
import { addresses, type Table, users } from '../tables.ts';
import type { Job } from './job.ts';
import { givenOf, peopleOf } from './people.ts';

/** Every side has them. */
export const graphTables: readonly Table[] = [users, addresses];

const people = (count: number) => peopleOf({ users: count, addresses: 2 * count });

export const graph: Job = {
  name: 'graph',
  title: 'users with two addresses each, one transaction',
  unit: 'users',
  tables: graphTables,
  rows: (size) => 3 * size,
  async expect(referee, size) {
    await referee.expect(users, size, userRows(people(size)));
    await referee.expect(addresses, 2 * size, addressRows(people(size), []));
  },
  prepare({ graph: write }, size) {
    const all = people(size);
    return write && (async () => givenOf(all, await write(all)));
  },
};
