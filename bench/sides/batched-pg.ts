import { batchedDrizzle } from '../../src/node-postgres.ts';
import { drizzlePrograms } from '../programs/drizzle-programs.ts';
import { schema } from '../programs/drizzle-transactions.ts';
import { awaitingEach, type Db, insertingARow } from './batched-ways.ts';
import { type Open, pgOptions, type Setting } from './side.ts';

/** The pool is one that drizzle makes, of the pg that drizzle finds. The benchmark has a copy of its own. */
function connect(setting: Setting) {
  const db = batchedDrizzle({ connection: pgOptions(setting) });
  const pool = db.$client;
  return {
    pool,
    db: db as unknown as Db,
    connect: () => pool.query('select 1'),
    transaction: <T>(work: (tx: Db) => Promise<T>) => db.transaction((tx) => work(tx as unknown as Db)),
    close: () => pool.end(),
  };
}

export const batchedPgInsert: Open = (setting) => insertingARow(connect(setting));

/** Takes part only in `small` and in the programs, like the same on postgres.js. */
export const batchedPgAwaited: Open = (setting) => {
  const way = connect(setting);
  return {
    small: awaitingEach(way),
    programs: drizzlePrograms(batchedDrizzle(way.pool, { schema })),
    close: way.close,
  };
};
