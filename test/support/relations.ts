/** The relations among the tables of the schema, in the form of drizzle 0.45. */
import { relations } from 'drizzle-orm';
import { addresses, members, nodes, organizations, teams, users } from './schema-tables.ts';

export const usersRelations = relations(users, ({ many }) => ({ addresses: many(addresses) }));

export const addressesRelations = relations(addresses, ({ one }) => ({
  user: one(users, { fields: [addresses.userId], references: [users.id] }),
}));

export const organizationsRelations = relations(organizations, ({ many }) => ({ teams: many(teams) }));

export const teamsRelations = relations(teams, ({ one, many }) => ({
  organization: one(organizations, { fields: [teams.organizationId], references: [organizations.id] }),
  members: many(members),
}));

export const membersRelations = relations(members, ({ one }) => ({
  team: one(teams, { fields: [members.teamId], references: [teams.id] }),
}));

export const nodesRelations = relations(nodes, ({ one, many }) => ({
  parent: one(nodes, { fields: [nodes.parentId], references: [nodes.id], relationName: 'parent' }),
  children: many(nodes, { relationName: 'parent' }),
}));
