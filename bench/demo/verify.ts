import type { Sql } from 'postgres';
import type { Person, WrittenAddress, WrittenPerson } from './people.ts';

/** The rows that a side returned differ from those in the tables. */
export class WrongRows extends Error {}

/**
 * Compares the rows in the tables with those that the caller was given. Each id must be that of the row with
 * this name or email. Each address must refer to its own user, and no row may be missing. Returns the number
 * of rows.
 */
export async function verify(
  direct: Sql,
  people: readonly Person[],
  written: readonly WrittenPerson[],
): Promise<number> {
  const users = await direct<{ id: number; name: string }[]>`select id, name from users`;
  const addresses = await direct<WrittenAddress[]>`select id, email, user_id as "userId" from addresses`;
  const userByName = new Map(users.map((user) => [user.name, user]));
  const addressByEmail = new Map(addresses.map((address) => [address.email, address]));

  expectSame('people given back to the caller', written.length, people.length);
  for (const [i, { name, emails }] of people.entries()) {
    const user = userByName.get(name);
    const given = written[i];
    expectSame(`the name at position ${i}`, given?.name, name);
    expectSame(`the id given for '${name}'`, given?.id, user?.id);
    for (const [j, email] of emails.entries()) {
      const address = addressByEmail.get(email);
      expectSame(`the email given for '${email}'`, given?.addresses[j]?.email, email);
      expectSame(`the id given for '${email}'`, given?.addresses[j]?.id, address?.id);
      expectSame(`the user id given for '${email}'`, given?.addresses[j]?.userId, address?.userId);
      expectSame(`the user that '${email}' points at`, address?.userId, user?.id);
    }
  }
  return 3 * people.length;
}

function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (actual === undefined || actual !== expected) {
    throw new WrongRows(`${what} is ${actual ?? 'missing'}, and should be ${expected ?? 'in the table'}`);
  }
}
