import { eq } from 'drizzle-orm';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { drizzlePrograms } from '../programs/drizzle-programs.ts';
import { schema } from '../programs/drizzle-transactions.ts';
import { addresses, type Row, type Table, users } from '../tables.ts';
import { drizzleTable } from './drizzle-tables.ts';
import {
  chunked,
  type Ids,
  inChunks,
  type Open,
  only,
  type Person,
  postgresOptions,
  type Session,
  type Setting,
  session,
} from './side.ts';

type Db = Pick<PostgresJsDatabase, 'insert' | 'select'>;

function connect(setting: Setting) {
  const client = postgres(setting.url, { ...postgresOptions(setting), onnotice: () => {} });
  const db = drizzle(client);
  return {
    client,
    db: db as Db,
    connect: () => client`select 1`,
    transaction: <T>(work: (tx: Db) => Promise<T>) => db.transaction(work),
    close: () => client.end(),
  };
}

async function insertOne(db: Db, table: Table, row: Row): Promise<number> {
  const into = drizzleTable(table);
  return only(await db.insert(into).values(row).returning({ id: into.id }));
}

export const drizzleLoop: Open = (setting) => {
  const way = connect(setting);
  const inLoop = async (tx: Db, table: Table, rows: Row[]): Promise<Ids> => {
    const ids: number[] = [];
    for (const row of rows) ids.push(await insertOne(tx, table, row));
    return ids;
  };
  const insertPerson = async (tx: Db, { name, emails }: Person) => {
    const user = await insertOne(tx, users, { name });
    const ids: number[] = [];
    for (const email of emails) ids.push(await insertOne(tx, addresses, { email, user_id: user }));
    return { user, addresses: ids };
  };
  const graph: Session['graph'] = (people) =>
    way.transaction(async (tx) => {
      const ids = { users: [] as number[], addresses: [] as number[] };
      for (const person of people) {
        const { user, addresses } = await insertPerson(tx, person);
        ids.users.push(user);
        ids.addresses.push(...addresses);
      }
      return ids;
    });
  const visit: Session['visit'] = (known, person) =>
    way.transaction(async (tx) => {
      const from = drizzleTable(users);
      const [found]: Row[] = await tx.select().from(from).where(eq(from.id, known));
      return { read: found?.name, ...(await insertPerson(tx, person)) };
    });
  const programs = drizzlePrograms(drizzle(way.client, { schema }));
  return { ...session({ ...way, many: inLoop, one: insertOne }), graph, visit, programs };
};

export const drizzleAll: Open = (setting) => {
  return session({
    ...connect(setting),
    many: (tx, table, rows) => Promise.all(rows.map((row) => insertOne(tx, table, row))),
  });
};

export const drizzleRows: Open = (setting) => {
  return session({
    ...connect(setting),
    many(tx, table, rows) {
      const into = drizzleTable(table);
      return inChunks(chunked(rows, table, setting.chunk), (part) =>
        tx.insert(into).values(part).returning({ id: into.id }),
      );
    },
  });
};
