import { WrongRows } from '../demo/verify.ts';
import { addressRows, poolSize, userRows, type Visit } from '../sides/side.ts';
import { addresses, users } from '../tables.ts';
import { graphTables } from './graph.ts';
import type { Job } from './job.ts';
import { givenOf, nameOf, peopleOf } from './people.ts';

const callers = 32;
const children = 3;

/** The first of them is written before the clock starts. Every transaction reads that one. */
const people = (transactions: number) =>
  peopleOf({ users: 1 + transactions, addresses: (1 + transactions) * children });

export const underLoad: Job = {
  name: 'under load',
  title: `${callers} callers on a pool of ${poolSize}: select, a user, three addresses, in a transaction each`,
  unit: 'transactions',
  tables: graphTables,
  rows: (size) => (1 + children) * size,
  async expect(referee, size) {
    const all = people(size);
    await referee.expect(users, all.length, userRows(all));
    await referee.expect(addresses, all.length * children, addressRows(all, []));
  },
  prepare({ graph, visit }, size) {
    if (!graph || !visit) return undefined;
    const all = people(size);
    const [first, ...others] = all;
    const visits: Visit[] = [];
    const calls: number[] = [];
    let known = 0;
    const call = async (caller: number) => {
      for (let n = caller; n < size; n += callers) {
        const person = others[n];
        if (person === undefined) continue;
        const started = performance.now();
        visits[n + 1] = await visit(known, person);
        calls.push(performance.now() - started);
      }
    };
    const run = async () => {
      await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
      return givenOf(all, {
        users: visits.map(({ user }) => user),
        addresses: visits.flatMap(({ addresses }) => addresses),
      });
    };
    const open = async () => {
      const ids = await graph(first ? [first] : []);
      known = ids.users[0] ?? 0;
      visits[0] = { read: nameOf(0), user: known, addresses: ids.addresses };
    };
    return Object.assign(async () => rightOf(visits, await run()), { open, calls });
  },
};

/** Every select must have found the first user. */
function rightOf<T>(visits: readonly Visit[], given: T): T {
  const wrong = visits.find(({ read }) => read !== nameOf(0));
  if (wrong) throw new WrongRows(`a select found '${wrong.read}' instead of '${nameOf(0)}'`);
  return given;
}
