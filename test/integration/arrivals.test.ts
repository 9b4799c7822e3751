import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase } from '../../src/index.ts';
import { batchedDrizzle, countOf } from '../support/drivers/chosen.ts';
import type { Client } from '../support/drivers/driver.ts';
import { reset } from '../support/program-tables.ts';
import { addresses, users } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

type Inserts = Pick<BatchedDatabase, 'insert'>;

/**
 * A caller that inserts at the same time as others. It inserts a user, and addresses that may not be awaited.
 */
interface Visitor {
  readonly awaitsUser: boolean;
  readonly returnsUser: boolean;
  readonly addresses: readonly number[];
}

const visitors = fc.array(
  fc.record<Visitor>({
    awaitsUser: fc.boolean(),
    returnsUser: fc.boolean(),
    addresses: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 2, maxLength: 6 },
);

const database = useDatabase();
let client: Client;
let db: BatchedDatabase;

beforeAll(() => {
  client = database.client({ max: 3 });
  db = batchedDrizzle(client);
});
beforeEach(() => reset(client));

/** The rows returned to a visitor. Each pause lets other visitors continue, and flushes may be in flight. */
async function visit(
  on: Inserts,
  visitor: Visitor,
  number: number,
  pause: () => Promise<void>,
): Promise<{ email: string; id: number; userId: number | null }[]> {
  const name = `visitor ${number}`;
  await pause();
  const user = on.insert(users).values({ name });
  const named = user.ref('id');
  if (visitor.returnsUser) {
    const returned = user.returning();
    await pause();
    if (visitor.awaitsUser) expect((await returned).map((row) => row.name)).toEqual([name]);
  } else if (visitor.awaitsUser) {
    const written = await user;
    expect([countOf(written), written.command]).toEqual([1, 'INSERT']);
  }
  const given: { email: string; id: number; userId: number | null }[] = [];
  for (const [index, count] of visitor.addresses.entries()) {
    await pause();
    const rows = Array.from({ length: count }, (_, row) => ({
      email: `${name} ${index} ${row}`,
      userId: named,
    }));
    const returned = await on.insert(addresses).values(rows).returning();
    expect(returned.map(({ email }) => email)).toEqual(rows.map(({ email }) => email));
    given.push(...returned);
  }
  return given;
}

async function check(work: (visits: (on: Inserts) => Promise<unknown>) => Promise<unknown>): Promise<void> {
  const property = fc.asyncProperty(fc.scheduler(), visitors, async (scheduler, given) => {
    await reset(client);
    const visited: Promise<Awaited<ReturnType<typeof visit>>>[] = [];
    await work((on) => {
      for (const [number, visitor] of given.entries()) {
        const pause = () => scheduler.schedule(Promise.resolve(), `visitor ${number}`);
        visited.push(visit(on, visitor, number, pause));
      }
      return scheduler.waitFor(Promise.all(visited));
    });
    const found = await db
      .select({ email: addresses.email, id: addresses.id, userId: addresses.userId, name: users.name })
      .from(addresses)
      .innerJoin(users, eq(addresses.userId, users.id))
      .orderBy(addresses.id);
    const expected = (await Promise.all(visited)).flatMap((rows, number) =>
      rows.map((row) => ({ ...row, name: `visitor ${number}` })),
    );
    expect(found).toEqual(expected.toSorted((a, b) => a.id - b.id));
  });
  await fc.assert(property, { numRuns: 50, timeout: 10_000 });
}

describe('inserts that arrive while a flush is under way are each written once, and give their own rows', () => {
  test('in a transaction', () => check((visits) => db.transaction(visits)));
  test('on the database', () => check((visits) => visits(db)));
});
