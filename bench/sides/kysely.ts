import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { kyselyPrograms } from '../programs/kysely-programs.ts';
import type { KyselyTables } from '../programs/kysely-tables.ts';
import type { Row, Table } from '../tables.ts';
import { chunked, inChunks, type Open, only, pgOptions, session, type Way } from './side.ts';

type Schema = Record<string, { id: number }>;

/** The rows need no conversion: node-postgres writes dates, documents and arrays. */
function insert(db: Kysely<Schema>, { name }: Table, rows: Row[]) {
  return db
    .insertInto(name)
    .values(rows as never)
    .returning('id')
    .execute();
}

export const kysely: Open = (setting) => {
  const pool = new Pool(pgOptions(setting));
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const way: Way<Kysely<Schema>> = {
    db,
    transaction: (work) => db.transaction().execute(work),
    many: (tx, table, rows) =>
      inChunks(chunked(rows, table, setting.chunk), (part) => insert(tx, table, part)),
    one: async (on, table, row) => only(await insert(on, table, [row])),
    connect: () => sql`select 1`.execute(db),
    close: () => db.destroy(),
  };
  const programs = kyselyPrograms(db as unknown as Kysely<KyselyTables>);
  return { ...session(way), programs };
};
