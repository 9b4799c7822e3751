import {
  type AnyPgColumn,
  bigint,
  bigserial,
  boolean,
  char,
  customType,
  date,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgSchema,
  pgTable,
  real,
  serial,
  smallint,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';

// The demo: a user with two addresses.

export const users = pgTable('users', {
  id: serial('id').primaryKey(),
  name: varchar('name', { length: 50 }).unique(),
});

export const addresses = pgTable('addresses', {
  id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
  email: varchar('email').notNull(),
  userId: integer('user_id').references(() => users.id),
});

// Three levels, each with a different kind of generated key.

export const memberRole = pgEnum('member_role', ['reader', 'writer', 'owner']);

export const organizations = pgTable('organizations', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
  name: text('name').notNull(),
});

export const teams = pgTable('teams', {
  id: serial('id').primaryKey(),
  organizationId: bigint('organization_id', { mode: 'number' })
    .notNull()
    .references(() => organizations.id),
  name: text('name').notNull(),
});

export const members = pgTable('members', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  teamId: integer('team_id')
    .notNull()
    .references(() => teams.id),
  email: text('email').notNull().unique(),
  role: memberRole('role').notNull().default('reader'),
  joinedAt: timestamp('joined_at', { withTimezone: true }).notNull().defaultNow(),
});

// A table that refers to itself.

export const nodes = pgTable('nodes', {
  id: serial('id').primaryKey(),
  parentId: integer('parent_id').references((): AnyPgColumn => nodes.id),
  label: text('label').notNull(),
});

// Keys without a sequence: a uuid from the server, a uuid from the client, and no key.

export const events = pgTable('events', {
  id: uuid('id').primaryKey().defaultRandom(),
  kind: text('kind').notNull(),
  payload: jsonb('payload'),
  at: timestamp('at', { withTimezone: true }).notNull().defaultNow(),
});

export const tokens = pgTable('tokens', {
  id: uuid('id')
    .primaryKey()
    .$defaultFn(() => crypto.randomUUID()),
  label: text('label').notNull(),
  uses: integer('uses').notNull().default(0),
  updatedAt: timestamp('updated_at').$onUpdate(() => new Date()),
});

export const logs = pgTable('logs', {
  level: text('level').notNull(),
  message: text('message').notNull(),
});

// Every type that is encoded differently.

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const wide = pgTable('wide', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  small: smallint('small'),
  whole: integer('whole'),
  big: bigint('big', { mode: 'number' }),
  huge: bigint('huge', { mode: 'bigint' }),
  amount: numeric('amount', { precision: 12, scale: 4 }),
  ratio: real('ratio'),
  precise: doublePrecision('precise'),
  flag: boolean('flag'),
  note: text('note'),
  title: varchar('title', { length: 100 }),
  code: char('code', { length: 8 }),
  day: date('day'),
  moment: timestamp('moment'),
  instant: timestamp('instant', { withTimezone: true, mode: 'string' }),
  tag: uuid('tag'),
  document: jsonb('document'),
  labels: text('labels').array(),
  counts: integer('counts').array(),
  bytes: bytea('bytes'),
});

// Names that must be quoted.

export const appData = pgSchema('app data');

export const counters = appData.table('we"ird', {
  id: serial('Id').primaryKey(),
  value: text('va lue'),
});
