import { eq } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { addresses, type Row, type Table, users } from '../tables.ts';
import { drizzleTable } from './drizzle-tables.ts';
import { type Ids, only, type Person, type Session, session, type Way } from './side.ts';

/** Plain drizzle's loop, on every driver. None is imported here: a side loads no other side's packages. */

export type Db = Pick<PgDatabase<PgQueryResultHKT>, 'insert' | 'select'>;

export async function insertOne(db: Db, table: Table, row: Row): Promise<number> {
  const into = drizzleTable(table);
  return only(await db.insert(into).values(row).returning({ id: into.id }));
}

/** Awaits each insert, children behind their parent. */
export function loop(way: Way<Db>): Session {
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
  return { ...session({ ...way, many: inLoop, one: insertOne }), graph, visit };
}
