/** The relational queries of programs, as drizzle 1.0 has them. */

import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { ParentName } from '../program-rows.ts';
import type { relationsOfDrizzle1 } from './relations.ts';

type Database = PostgresJsDatabase<typeof relationsOfDrizzle1>;

const orderBy = { id: 'asc' } as const;

export const relational: Record<ParentName, (db: Database) => PromiseLike<unknown>> = {
  users: ({ query }) => query.users.findMany({ with: { addresses: { orderBy } }, orderBy }),
  organizations: ({ query }) =>
    query.organizations.findMany({
      with: { teams: { orderBy, with: { members: { orderBy } } } },
      orderBy,
    }),
  teams: ({ query }) => query.teams.findFirst({ with: { organization: true }, orderBy }),
  nodes: ({ query }) => query.nodes.findMany({ with: { children: { orderBy }, parent: true }, orderBy }),
};
