import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
import { drizzlePrograms } from '../programs/drizzle-programs.ts';
import { schema } from '../programs/drizzle-transactions.ts';
import type { Row, Table } from '../tables.ts';
import { drizzleTable } from './drizzle-tables.ts';
import { chunked, inChunks, type Open, only, pgOptions, poolSize, session } from './side.ts';

type Db = Pick<NodePgDatabase, 'insert'>;

function connect(url: string, pipeline: boolean) {
  const pool = new Pool({ connectionString: url, max: poolSize, pipeline });
  const db = drizzle({ client: pool });
  return {
    db: db as Db,
    transaction: <T>(work: (tx: Db) => Promise<T>) => db.transaction(work),
    one: insertOne,
    close: () => pool.end(),
  };
}

async function insertOne(db: Db, table: Table, row: Row): Promise<number> {
  const into = drizzleTable(table);
  return only(await db.insert(into).values(row).returning({ id: into.id }));
}

export const drizzlePgRows: Open = ({ url, chunk }) => {
  return session({
    ...connect(url, false),
    many(tx, table, rows) {
      const into = drizzleTable(table);
      return inChunks(chunked(rows, table, chunk), (part) =>
        tx.insert(into).values(part).returning({ id: into.id }),
      );
    },
  });
};

export const drizzlePgPipeline: Open = ({ url }) => {
  return session({
    ...connect(url, true),
    many: (tx, table, rows) => Promise.all(rows.map((row) => insertOne(tx, table, row))),
  });
};

/** Takes part only in the programs. */
export const drizzlePgAwaited: Open = (setting) => {
  const pool = new Pool(pgOptions(setting));
  return { programs: drizzlePrograms(drizzle({ client: pool, schema })), close: () => pool.end() };
};
