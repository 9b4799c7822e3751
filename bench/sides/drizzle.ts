import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { addresses, type Row, type Table, users } from '../tables.ts';
import { drizzleTable } from './drizzle-tables.ts';
import {
  chunked,
  type Ids,
  inChunks,
  type Open,
  only,
  postgresOptions,
  type Session,
  type Setting,
  session,
} from './side.ts';

type Db = Pick<PostgresJsDatabase, 'insert'>;

function connect(setting: Setting) {
  const client = postgres(setting.url, { ...postgresOptions(setting), onnotice: () => {} });
  const db = drizzle(client);
  return {
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
  const graph: Session['graph'] = (people) =>
    way.transaction(async (tx) => {
      const ids = { users: [] as number[], addresses: [] as number[] };
      for (const { name, emails } of people) {
        const id = await insertOne(tx, users, { name });
        ids.users.push(id);
        for (const email of emails)
          ids.addresses.push(await insertOne(tx, addresses, { email, user_id: id }));
      }
      return ids;
    });
  return { ...session({ ...way, many: inLoop, one: insertOne }), graph };
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
