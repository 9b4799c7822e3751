import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';
import { sql } from 'drizzle-orm';
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { betterAuthTables } from '../support/better-auth-tables.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const tables = Object.values(betterAuthTables);

beforeAll(async () => {
  const none = generateDrizzleJson({});
  for (const statement of await generateMigration(none, generateDrizzleJson(betterAuthTables)))
    await database.connect().unsafe(statement);
});

// Both sides write the same times.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: new Date('2030-01-02T03:04:05Z') }));
afterEach(() => void vi.useRealTimers());

function authOf(db: PostgresJsDatabase, transaction: boolean) {
  let made = 0;
  const tokens: string[] = [];
  const auth = betterAuth({
    baseURL: 'http://localhost',
    secret: 'a secret of a test, which is long enough for it',
    database: drizzleAdapter(db, { provider: 'pg', schema: betterAuthTables, transaction }),
    emailAndPassword: {
      enabled: true,
      password: {
        hash: async (password) => `hash of ${password}`,
        verify: async ({ hash, password }) => hash === `hash of ${password}`,
      },
      sendResetPassword: async ({ token }) => void tokens.push(token),
    },
    user: { deleteUser: { enabled: true } },
    advanced: { database: { generateId: ({ model }) => `${model}-${++made}` } },
    logger: { disabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  });
  return { auth, tokens };
}

type Auth = ReturnType<typeof authOf>['auth'];

const person = (name: string) => ({ name, email: `${name}@example.com`, password: `password of ${name}` });

/** Replaces what is random, in the order in which it comes. */
function withoutTokens<T>(results: T): T {
  const known = new Map<string, string>();
  const text = JSON.stringify(results, (key, value) => {
    if (key !== 'token' && key !== 'identifier') return value;
    known.set(value, known.get(value) ?? `${key} ${known.size}`);
    return known.get(value);
  });
  return JSON.parse(text);
}

/** The result, or what an API error says to the client. */
async function answer(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    const { status, body } = error as { status?: unknown; body?: unknown };
    if (status === undefined) throw error;
    return { status, body };
  }
}

async function signIn(auth: Auth, name: string): Promise<{ headers: Headers; response: unknown }> {
  const { headers, response } = await auth.api.signInEmail({ body: person(name), returnHeaders: true });
  return { headers: new Headers({ cookie: headers.getSetCookie().join('; ') }), response };
}

describe.each([false, true])('better-auth, with transaction: %s', (transaction) => {
  /** Runs `work` on both sides. Returns its results and the rows of the tables. */
  async function play(work: (made: ReturnType<typeof authOf>) => Promise<unknown>) {
    const both = sideBySide(database, {}, sql`truncate ${sql.join(tables, sql`, `)}`);
    const { plain, batched } = await both.runAndRead((db) => work(authOf(db, transaction)), ...tables);
    return { plain: withoutTokens(plain), batched: withoutTokens(batched) };
  }

  test('signs up, in and out, changes and deletes as on drizzle', async () => {
    const { plain, batched } = await play(async ({ auth, tokens }) => {
      const { api } = auth;
      const results = [
        await api.signUpEmail({ body: person('ada') }),
        await api.signUpEmail({ body: person('bob') }),
        await answer(api.signUpEmail({ body: person('ada') })),
      ];
      const { headers, response } = await signIn(auth, 'ada');
      results.push(
        response as never,
        ...([
          await api.getSession({ headers }),
          await api.listSessions({ headers }),
          await api.listUserAccounts({ headers }),
          await api.updateUser({ headers, body: { name: 'Ada', image: 'https://example.com/ada.png' } }),
          await api.changePassword({
            headers,
            body: { currentPassword: 'password of ada', newPassword: 'another password' },
          }),
          await answer(api.signInEmail({ body: person('ada') })),
          await api.requestPasswordReset({ body: { email: 'ada@example.com', redirectTo: '/reset' } }),
          await api.resetPassword({ body: { token: tokens[0] ?? '', newPassword: 'password of ada' } }),
          await api.revokeOtherSessions({ headers }),
          await api.signOut({ headers }),
          await api.getSession({ headers }),
        ] as never[]),
      );
      const bob = await signIn(auth, 'bob');
      results.push((await api.deleteUser({ headers: bob.headers, body: {} })) as never);
      await signIn(auth, 'ada');
      return results;
    });
    expect(batched).toEqual(plain);
    expect(plain.rows.map((rows) => rows.length)).toEqual([1, 1, 1, 0]);
    expect(plain.result).toHaveLength(16);
  });

  test('signs up and in many at the same moment as on drizzle', async () => {
    const { plain, batched } = await play(async ({ auth }) => {
      const names = Array.from({ length: 20 }, (_, index) => `user${index}`);
      const ups = await Promise.all(
        names.map((name) => answer(auth.api.signUpEmail({ body: person(name) }))),
      );
      const ins = await Promise.all(names.map(async (name) => (await signIn(auth, name)).response));
      return [ups, ins];
    });
    // Who comes first gets the next id.
    const withoutIds = ({ result, rows }: typeof plain) => {
      const texts = rows.map((of) => of.map((row) => withoutId(JSON.stringify(row))).toSorted());
      return { result: JSON.parse(withoutId(JSON.stringify(result))), texts };
    };
    const withoutId = (text: string) => text.replaceAll(/\b(user|session|account)-\d+|\btoken \d+/g, '$1');
    expect(withoutIds(batched)).toEqual(withoutIds(plain));
    expect(plain.rows.map((rows) => rows.length)).toEqual([20, 40, 20, 0]);
  });
});
