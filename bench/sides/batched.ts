import postgres from 'postgres';
import { batchedDrizzle } from '../../src/index.ts';
import { drizzlePrograms } from '../programs/drizzle-programs.ts';
import { schema } from '../programs/drizzle-transactions.ts';
import { awaitingEach, type Db, insertingARow, insertRow } from './batched-ways.ts';
import { drizzleTable } from './drizzle-tables.ts';
import { type Open, only, postgresOptions, type Session, type Setting, session } from './side.ts';

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

export const batchedInsert: Open = (setting) => insertingARow(connect(setting));

/** Takes part only in `small` and in the programs. Other jobs compare inserts that are awaited one by one with rows of one table. */
export const batchedAwaited: Open = (setting) => {
  const way = connect(setting);
  return {
    small: awaitingEach(way),
    programs: drizzlePrograms(batchedDrizzle(way.client, { schema })),
    close: way.close,
  };
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
