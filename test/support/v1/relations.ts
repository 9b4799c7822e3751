/** The relations among the tables of the schema, in the form of drizzle 1.0. */
import { defineRelations } from 'drizzle-orm';
import { addresses, members, nodes, organizations, teams, users } from '../schema-tables.ts';

const tables = { users, addresses, organizations, teams, members, nodes };

export const relationsOfDrizzle1 = defineRelations(tables, (r) => ({
  users: { addresses: r.many.addresses({ from: r.users.id, to: r.addresses.userId }) },
  addresses: { user: r.one.users({ from: r.addresses.userId, to: r.users.id }) },
  organizations: { teams: r.many.teams({ from: r.organizations.id, to: r.teams.organizationId }) },
  teams: {
    organization: r.one.organizations({ from: r.teams.organizationId, to: r.organizations.id }),
    members: r.many.members({ from: r.teams.id, to: r.members.teamId }),
  },
  members: { team: r.one.teams({ from: r.members.teamId, to: r.teams.id }) },
  nodes: {
    parent: r.one.nodes({ from: r.nodes.parentId, to: r.nodes.id }),
    children: r.many.nodes({ from: r.nodes.id, to: r.nodes.parentId }),
  },
}));
