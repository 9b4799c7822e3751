import { boolean, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

// The tables of Auth.js, with the names and columns that its adapter requires.

let made = 0;

/** Restarts the ids of new users at `user-1`, so that two runs produce the same ids. */
export function startUserIds(): void {
  made = 0;
}

const usersTable = pgTable('auth_user', {
  id: text('id')
    .primaryKey()
    .$defaultFn(() => `user-${++made}`),
  name: text('name'),
  email: text('email').unique(),
  emailVerified: timestamp('email_verified', { mode: 'date' }),
  image: text('image'),
});

const userId = () =>
  text('user_id')
    .notNull()
    .references(() => usersTable.id, { onDelete: 'cascade' });

const accountsTable = pgTable(
  'auth_account',
  {
    userId: userId(),
    type: text('type').$type<'oauth' | 'oidc' | 'email' | 'webauthn'>().notNull(),
    provider: text('provider').notNull(),
    providerAccountId: text('provider_account_id').notNull(),
    refresh_token: text('refresh_token'),
    access_token: text('access_token'),
    expires_at: integer('expires_at'),
    token_type: text('token_type'),
    scope: text('scope'),
    id_token: text('id_token'),
    session_state: text('session_state'),
  },
  ({ provider, providerAccountId }) => [primaryKey({ columns: [provider, providerAccountId] })],
);

const sessionsTable = pgTable('auth_session', {
  sessionToken: text('session_token').primaryKey(),
  userId: userId(),
  expires: timestamp('expires', { mode: 'date' }).notNull(),
});

const verificationTokensTable = pgTable(
  'auth_verification_token',
  {
    identifier: text('identifier').notNull(),
    token: text('token').notNull(),
    expires: timestamp('expires', { mode: 'date' }).notNull(),
  },
  ({ identifier, token }) => [primaryKey({ columns: [identifier, token] })],
);

const authenticatorsTable = pgTable(
  'auth_authenticator',
  {
    credentialID: text('credential_id').notNull().unique(),
    userId: userId(),
    providerAccountId: text('provider_account_id').notNull(),
    credentialPublicKey: text('credential_public_key').notNull(),
    counter: integer('counter').notNull(),
    credentialDeviceType: text('credential_device_type').notNull(),
    credentialBackedUp: boolean('credential_backed_up').notNull(),
    transports: text('transports'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.credentialID] })],
);

export const authTables = {
  usersTable,
  accountsTable,
  sessionsTable,
  verificationTokensTable,
  authenticatorsTable,
};
