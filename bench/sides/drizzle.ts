import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { drizzlePrograms } from '../programs/drizzle-programs.ts';
import { schema } from '../programs/drizzle-transactions.ts';
import { type Db, insertOne, loop } from './drizzle-loop.ts';
import { drizzleTable } from './drizzle-tables.ts';
import { chunked, inChunks, type Open, postgresOptions, type Setting, session } from './side.ts';

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

export const drizzleLoop: Open = (setting) => {
  const way = connect(setting);
  return { ...loop(way), programs: drizzlePrograms(drizzle(way.client, { schema })) };
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
