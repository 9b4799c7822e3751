import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { driver } from './drivers/chosen.ts';
import type { Client } from './drivers/driver.ts';
import { emptying } from './emptying.ts';
import type { ParentName, TableName } from './program-rows.ts';
import * as schema from './schema.ts';

interface TableColumns<TKey> {
  readonly table: PgTable;
  readonly key: TKey;
  /** The text column. Most rows of a program have a unique text. */
  readonly text: PgColumn;
}

export const tables: { readonly [name in Exclude<TableName, 'logs'>]: TableColumns<PgColumn> } & {
  readonly logs: TableColumns<undefined>;
} = {
  users: { table: schema.users, key: schema.users.id, text: schema.users.name },
  addresses: { table: schema.addresses, key: schema.addresses.id, text: schema.addresses.email },
  organizations: {
    table: schema.organizations,
    key: schema.organizations.id,
    text: schema.organizations.name,
  },
  teams: { table: schema.teams, key: schema.teams.id, text: schema.teams.name },
  members: { table: schema.members, key: schema.members.id, text: schema.members.email },
  nodes: { table: schema.nodes, key: schema.nodes.id, text: schema.nodes.label },
  events: { table: schema.events, key: schema.events.id, text: schema.events.kind },
  tokens: { table: schema.tokens, key: schema.tokens.id, text: schema.tokens.label },
  logs: { table: schema.logs, key: undefined, text: schema.logs.level },
  wide: { table: schema.wide, key: schema.wide.id, text: schema.wide.title },
  counters: { table: schema.counters, key: schema.counters.id, text: schema.counters.value },
};

interface Children {
  readonly of: TableName;
  readonly table: PgTable;
  /** The column that refers to the parent. */
  readonly column: PgColumn;
  readonly property: string;
}

/** The child table of each parent table. */
export const children: { readonly [name in ParentName]: Children } = {
  users: { of: 'addresses', table: schema.addresses, column: schema.addresses.userId, property: 'userId' },
  nodes: { of: 'nodes', table: schema.nodes, column: schema.nodes.parentId, property: 'parentId' },
  teams: { of: 'members', table: schema.members, column: schema.members.teamId, property: 'teamId' },
  organizations: {
    of: 'teams',
    table: schema.teams,
    column: schema.teams.organizationId,
    property: 'organizationId',
  },
};

/** Keys from here on were given by the program. Lower keys come from the server's sequences. */
export const firstGivenKey = 1_000_000;

const names = (Object.keys(tables) as TableName[]).map((name) =>
  name === 'counters' ? '"app data"."we""ird"' : name,
);
const leavesFirst = [
  ...names.filter((name) => !['users', 'teams', 'organizations'].includes(name)),
  'users',
  'teams',
  'organizations',
];

/** Empties all tables of the schema. */
export const emptyingAll = emptying(leavesFirst);

/** The rows that exist before a program: parents for every child, and rows for conflicts and violations. */
const prelude = `
  ${emptyingAll};
  insert into organizations (id, name) values (1000000, 'base');
  insert into teams (id, organization_id, name) values (1000000, 1000000, 'base');
  insert into users (id, name) values (1000000, 'pool-0'), (3000000, 'taken');
  insert into nodes (id, label) values (1000000, 'base'), (2000000, 'pool');
  insert into members (id, team_id, email, joined_at) values (1000000, 1000000, 'pool-0', '2001-02-03');
  insert into tokens (id, label) values ('00000000-0000-4000-9000-000000000000', 'pool')`;

/** Empties the tables, restarts their sequences, and writes the rows that exist before every program. */
export async function reset(client: Client): Promise<void> {
  await driver.query(client, prelude);
}

/**
 * Every row of a table, as texts by column. Rows are ordered by their keys, or by their texts if there is no
 * key.
 */
export type Contents = { readonly [table in TableName]?: readonly Readonly<Record<string, string | null>>[] };

const contents = (Object.keys(tables) as TableName[])
  .map((name, index) => {
    const { key, text } = tables[name];
    const order = [key, text].flatMap((column) => (column ? [`t."${column.name}"`] : []));
    if (name === 'events' || name === 'logs') order.unshift(`t."${text.name}"`);
    if (name === 'logs') order.push('message');
    const row = '(select json_object_agg(key, value) from jsonb_each_text(to_jsonb(t)))';
    return `'${name}', (select json_agg(${row} order by ${order.join(', ')}) from ${names[index]} t)`;
  })
  .join(', ');

export async function readTables(client: Client): Promise<Contents> {
  const [row] = await driver.query(client, `select json_build_object(${contents}) as contents`);
  return row?.contents as Contents;
}
