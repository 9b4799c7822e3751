import { eq } from 'drizzle-orm';
import postgres from 'postgres';
import { type BatchedDatabase, batchedDrizzle } from '../../src/index.ts';
import { drizzlePrograms } from '../programs/drizzle-programs.ts';
import { schema } from '../programs/drizzle-transactions.ts';
import { addresses, type Row, type Table, users } from '../tables.ts';
import { drizzleTable } from './drizzle-tables.ts';
import {
  type Ids,
  type Open,
  only,
  type Person,
  postgresOptions,
  type Session,
  type Setting,
  session,
} from './side.ts';

type Db = Pick<BatchedDatabase, 'insert' | 'select'>;

function connect(setting: Setting, copyRows = Number.POSITIVE_INFINITY) {
  const { url, chunk } = setting;
  const client = postgres(url, { ...postgresOptions(setting), onnotice: () => {} });
  // The size of a chunk is that of INSERTs, so COPY is used only if `copyRows` is given.
  const batch = chunk === undefined ? {} : { maxRows: chunk, copyRows };
  const db = batchedDrizzle(client, { batch });
  return {
    client,
    db: db as Db,
    connect: () => client`select 1`,
    transaction: <T>(work: (tx: Db) => Promise<T>) => db.transaction(work),
    close: () => client.end(),
  };
}

function insertRow(db: Db, table: Table, row: Row) {
  const into = drizzleTable(table);
  return db.insert(into).values(row).returning({ id: into.id });
}

/** Awaits inserts that are already written. One after the other costs less than `Promise.all`. */
async function idsOf(inserts: readonly ReturnType<typeof insertRow>[]): Promise<Ids> {
  const ids: number[] = [];
  for (const insert of inserts) ids.push(only(await insert));
  return ids;
}

export const batchedInsert: Open = (setting) => {
  const way = connect(setting);
  const one = async (db: Db, table: Table, row: Row) => only(await insertRow(db, table, row));
  const rows: Session['rows'] = async (table, rows) => {
    let inserts: ReturnType<typeof insertRow>[] = [];
    await way.transaction(async (tx) => {
      inserts = rows.map((row) => insertRow(tx, table, row));
    });
    return idsOf(inserts);
  };
  const graph: Session['graph'] = async (people) => {
    const parents: ReturnType<typeof insertRow>[] = [];
    const children: ReturnType<typeof insertRow>[] = [];
    await way.transaction(async (tx) => {
      for (const person of people) {
        const { user, addresses } = queuePerson(tx, person);
        parents.push(user);
        children.push(...addresses);
      }
    });
    return { users: await idsOf(parents), addresses: await idsOf(children) };
  };
  const visit: Session['visit'] = async (known, person) => {
    const from = drizzleTable(users);
    const { read, queued } = await way.transaction(async (tx) => {
      const [found]: Row[] = await tx.select().from(from).where(eq(from.id, known));
      return { read: found?.name, queued: queuePerson(tx, person) };
    });
    return { read, user: only(await queued.user), addresses: await idsOf(queued.addresses) };
  };
  return { ...session({ ...way, one }), rows, graph, visit };
};

/** Queues a user with its addresses, which get its id from the server. */
function queuePerson(tx: Db, { name, emails }: Person) {
  const user = insertRow(tx, users, { name });
  return {
    user,
    addresses: emails.map((email) => insertRow(tx, addresses, { email, user_id: user.ref('id') })),
  };
}

/** Takes part only in `small` and in the programs. Other jobs compare inserts that are awaited one by one with rows of one table. */
export const batchedAwaited: Open = (setting) => {
  const { client, transaction, close } = connect(setting);
  const small: Session['small'] = (people) =>
    transaction(async (tx) => {
      const ids = { users: [] as number[], addresses: [] as number[] };
      for (const { name, emails } of people) {
        const id = only(await insertRow(tx, users, { name }));
        ids.users.push(id);
        for (const email of emails)
          ids.addresses.push(only(await insertRow(tx, addresses, { email, user_id: id })));
      }
      return ids;
    });
  return { small, programs: drizzlePrograms(batchedDrizzle(client, { schema })), close };
};

/** Takes part only in `await each`: nothing changes for other inserts. */
export const batchedQueued: Open = (setting) => {
  const client = postgres(setting.url, { ...postgresOptions(setting), onnotice: () => {} });
  const db = batchedDrizzle(client, { batch: { awaits: 'queued' } });
  const each: Session['each'] = (table, rows) =>
    db.transaction(async (tx) => {
      const ids: number[] = [];
      for (const row of rows) ids.push(only(await insertRow(tx, table, row)));
      return ids;
    });
  return { each, connect: () => client`select 1`, close: () => client.end() };
};

function valuesOf(way: ReturnType<typeof connect>): Session {
  return session({
    ...way,
    async many(tx, table, rows) {
      const into = drizzleTable(table);
      return (await tx.insert(into).values(rows).returning({ id: into.id })).map(({ id }) => id);
    },
  });
}

export const batchedValues: Open = (setting) => valuesOf(connect(setting));

export const batchedCopy: Open = (setting) => valuesOf(connect(setting, 1));

export const batchedGroups: Open = (setting) => {
  return session({
    ...connect(setting),
    async many(tx, table, rows) {
      const ids: number[] = [];
      for (let from = 0; from < rows.length; from += 100) {
        const group = rows.slice(from, from + 100).map((row) => insertRow(tx, table, row));
        for (const written of await Promise.all(group)) ids.push(only(written));
      }
      return ids;
    },
  });
};
