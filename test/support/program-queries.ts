/** The relational queries of programs. */
import type { Database } from './program-database.ts';
import type { ParentName } from './program-rows.ts';
import { tables } from './program-tables.ts';

/** All rows of a table with those that they refer to, or are referred to by, in an order. */
export const relational: Record<ParentName, (db: Database) => PromiseLike<unknown>> = {
  users: ({ query }) =>
    query.users.findMany({
      with: { addresses: { orderBy: tables.addresses.key } },
      orderBy: tables.users.key,
    }),
  organizations: ({ query }) =>
    query.organizations.findMany({
      with: { teams: { orderBy: tables.teams.key, with: { members: { orderBy: tables.members.key } } } },
      orderBy: tables.organizations.key,
    }),
  teams: ({ query }) => query.teams.findFirst({ with: { organization: true }, orderBy: tables.teams.key }),
  nodes: ({ query }) =>
    query.nodes.findMany({
      with: { children: { orderBy: tables.nodes.key }, parent: true },
      orderBy: tables.nodes.key,
    }),
};
