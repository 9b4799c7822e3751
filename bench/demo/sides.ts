import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { batchedDrizzle } from '../../src/index.ts';
import { addresses, users } from '../../test/support/schema.ts';
import type { Person, WrittenPerson } from './people.ts';

/** One way of writing all people in one transaction. */
export interface Side {
  readonly label: string;
  readonly group: string;
  readonly batched: boolean;
  /** `onPerson` is called after each person whose rows are in the database. */
  write(client: Sql, people: readonly Person[], onPerson: () => void): Promise<WrittenPerson[]>;
}

const plain: Side = {
  label: 'drizzle(client)',
  group: 'plain',
  batched: false,
  write: (client, people, onPerson) => awaitEach(drizzle(client), people, onPerson),
};

const awaited: Side = {
  label: 'await in a loop, queued',
  group: 'awaited',
  batched: true,
  write: (client, people) => awaitEach(batchedDrizzle(client, { batch: { awaits: 'queued' } }), people),
};

const flushed: Side = {
  label: 'batchedDrizzle(client), ids used inside',
  group: 'flushed',
  batched: true,
  write: (client, people) =>
    batchedDrizzle(client).transaction(async (tx) => {
      const inserts = people.map((person) => insertPerson(tx, person));
      await tx.flush();
      return readPeople(inserts);
    }),
};

const queued: Side = {
  label: 'batchedDrizzle(client)',
  group: 'queued',
  batched: true,
  async write(client, people) {
    let inserts: PersonInserts[] = [];
    await batchedDrizzle(client).transaction(async (tx) => {
      inserts = people.map((person) => insertPerson(tx, person));
    });
    return readPeople(inserts);
  },
};

export const sides: readonly Side[] = [plain, awaited, flushed, queued];

/** The ordinary way to write it, on plain drizzle as on ours. */
function awaitEach(
  db: PostgresJsDatabase,
  people: readonly Person[],
  onPerson: () => void = () => {},
): Promise<WrittenPerson[]> {
  return db.transaction(async (tx) => {
    const written: WrittenPerson[] = [];
    for (const { name, emails } of people) {
      const user = only(await tx.insert(users).values({ name }).returning({ id: users.id }));
      const home = await tx.insert(addresses).values({ email: emails[0], userId: user.id }).returning();
      const work = await tx.insert(addresses).values({ email: emails[1], userId: user.id }).returning();
      written.push({ id: user.id, name, addresses: [only(home), only(work)] });
      onPerson();
    }
    return written;
  });
}

type Transaction = Parameters<Parameters<ReturnType<typeof batchedDrizzle>['transaction']>[0]>[0];
type PersonInserts = ReturnType<typeof insertPerson>;

/** The three inserts of a person, not awaited: the addresses refer to an id that is not known yet. */
function insertPerson(tx: Transaction, { name, emails }: Person) {
  const user = tx.insert(users).values({ name }).returning({ id: users.id });
  const address = (email: string) =>
    tx
      .insert(addresses)
      .values({ email, userId: user.ref('id') })
      .returning();
  return { name, user, home: address(emails[0]), work: address(emails[1]) };
}

function readPeople(inserts: readonly PersonInserts[]): Promise<WrittenPerson[]> {
  return Promise.all(
    inserts.map(async ({ name, user, home, work }) => ({
      id: only(await user).id,
      name,
      addresses: [only(await home), only(await work)],
    })),
  );
}

function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1) {
    throw new Error(`an insert of one row returned ${rows.length}`);
  }
  return row;
}
