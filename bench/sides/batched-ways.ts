import { eq } from 'drizzle-orm';
import type { BatchedDatabase } from '../../src/index.ts';
import { addresses, type Row, type Table, users } from '../tables.ts';
import { drizzleTable } from './drizzle-tables.ts';
import { type Ids, only, type Person, type Session, session, type Way } from './side.ts';

/** This library's ways to insert, on every driver. None is imported here: a side loads no other side's packages. */

/** What is used of a database is the same on every driver. */
export type Db = Pick<BatchedDatabase, 'insert' | 'select'>;

export function insertRow(db: Db, table: Table, row: Row) {
  const into = drizzleTable(table);
  return db.insert(into).values(row).returning({ id: into.id });
}

/** Awaits inserts that are already written. One after the other costs less than `Promise.all`. */
async function idsOf(inserts: readonly ReturnType<typeof insertRow>[]): Promise<Ids> {
  const ids: number[] = [];
  for (const insert of inserts) ids.push(only(await insert));
  return ids;
}

/** Queues an insert for each row. Their ids are awaited behind the transaction. */
export function insertingARow(way: Way<Db>): Session {
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
}

/** Queues a user with its addresses, which get its id from the server. */
function queuePerson(tx: Db, { name, emails }: Person) {
  const user = insertRow(tx, users, { name });
  return {
    user,
    addresses: emails.map((email) => insertRow(tx, addresses, { email, user_id: user.ref('id') })),
  };
}

/** Awaits each insert of a small transaction, children behind their parent. */
export function awaitingEach({ transaction }: Way<Db>): Session['small'] {
  return (people) =>
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
}
