import { like } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { expect } from 'vitest';
import type { PackagedFolder } from './packaged.ts';
import { addresses, users } from './schema.ts';
import type { TestDatabase } from './test-database.ts';

/** What a program of the packaged library prints. */
interface Findings {
  readonly users: readonly { id: number; name: string | null }[];
  readonly kinds: Readonly<Record<string, boolean>>;
}

/** Runs programs of the packaged library, and looks at what they have found and written. */
export function useFindings(database: TestDatabase) {
  const check = drizzle(database.connect());
  /** The names of the users of each program begin with a prefix of its own. */
  let programs = 0;

  function environment(): { DATABASE_URL: string; PREFIX: string } {
    programs += 1;
    return { DATABASE_URL: database.url, PREFIX: `${programs} ` };
  }

  /** Runs a program with `node`, and resolves to the users that it says to have written. Everything else it found is so. */
  async function run({ run }: PackagedFolder, args: readonly string[], env = environment()) {
    const { stdout } = await run(args, env);
    const { users, kinds }: Findings = JSON.parse(stdout);
    expect(Object.entries(kinds).filter(([, isSo]) => !isSo)).toEqual([]);
    return users;
  }

  /** Runs a program that writes to the database of the tests, and compares the ids that it has printed with those in its tables. */
  async function expectToWrite(folder: PackagedFolder, ...args: string[]): Promise<void> {
    const env = environment();
    const created = await run(folder, args, env);
    const written = await check
      .select()
      .from(users)
      .where(like(users.name, `${env.PREFIX}%`))
      .orderBy(users.id);
    const names = ['Ada', 'Grace', 'Mary'].map((name) => env.PREFIX + name);
    expect(written.map(({ name }) => name)).toEqual(names);
    expect(created).toEqual(written);
    const emails = await check
      .select({ email: addresses.email, userId: addresses.userId })
      .from(addresses)
      .where(like(addresses.email, `${env.PREFIX}%`));
    for (const { email, userId } of emails)
      expect(email).toBe(`${written.find(({ id }) => id === userId)?.name}@example.com`);
  }

  return { environment, run, expectToWrite };
}
