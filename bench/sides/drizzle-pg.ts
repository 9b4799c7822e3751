import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzlePrograms } from '../programs/drizzle-programs.ts';
import { schema } from '../programs/drizzle-transactions.ts';
import { type Db, insertOne, loop } from './drizzle-loop.ts';
import { drizzleTable } from './drizzle-tables.ts';
import { chunked, inChunks, type Open, pgOptions, type Setting, session } from './side.ts';

/** The pool is one that drizzle makes, of the pg that drizzle finds. The benchmark has a copy of its own. */
function connect(setting: Setting, pipeline: boolean) {
  const db = drizzle({ connection: { ...pgOptions(setting), pipeline } });
  const pool = db.$client;
  return {
    pool,
    db: db as Db,
    connect: () => pool.query('select 1'),
    transaction: <T>(work: (tx: Db) => Promise<T>) => db.transaction(work),
    one: insertOne,
    close: () => pool.end(),
  };
}

export const drizzlePgLoop: Open = (setting) => loop(connect(setting, false));

export const drizzlePgRows: Open = (setting) => {
  return session({
    ...connect(setting, false),
    many(tx, table, rows) {
      const into = drizzleTable(table);
      return inChunks(chunked(rows, table, setting.chunk), (part) =>
        tx.insert(into).values(part).returning({ id: into.id }),
      );
    },
  });
};

export const drizzlePgPipeline: Open = (setting) => {
  return session({
    ...connect(setting, true),
    many: (tx, table, rows) => Promise.all(rows.map((row) => insertOne(tx, table, row))),
  });
};

/** Takes part only in the programs. */
export const drizzlePgAwaited: Open = (setting) => {
  const { pool, close } = connect(setting, false);
  return { programs: drizzlePrograms(drizzle({ client: pool, schema })), close };
};
