/** Writes in each way, while the files that an import of the library does not read are missing. */
import { batchedDrizzle } from 'batched-drizzle';
import { like } from 'drizzle-orm';
import { pgTable, serial, varchar } from 'drizzle-orm/pg-core';
import postgres from 'postgres';

const users = pgTable('users', { id: serial('id').primaryKey(), name: varchar('name') });

async function main(url: string, prefix: string, canWrite: boolean): Promise<void> {
  const client = postgres(url, { max: 2 });
  const db = batchedDrizzle(client);
  const alone = await thrownBy(db.insert(users).values({ name: `${prefix}alone` }));
  let isBegun = false;
  const few = await thrownBy(
    db.transaction(async (tx) => {
      isBegun = true;
      await Promise.all([1, 2].map((row) => tx.insert(users).values({ name: `${prefix}few ${row}` })));
    }),
  );
  const batch = await thrownBy(
    Promise.all([1, 2].map((row) => db.insert(users).values({ name: `${prefix}batch ${row}` }))),
  );
  const many = await thrownBy(
    db.transaction(async (tx) => {
      await tx.insert(users).values({ name: `${prefix}ahead` });
      for (let row = 0; row < 40; row++) tx.insert(users).values({ name: `${prefix}many ${row}` });
      await tx.flush();
    }),
  );
  const queued = await thrownBy(
    batchedDrizzle(client, { batch: { awaits: 'queued' } }).transaction((tx) =>
      tx.insert(users).values({ name: `${prefix}queued` }),
    ),
  );
  const nothing = await thrownBy(db.flush());
  const written = await db
    .select()
    .from(users)
    .where(like(users.name, `${prefix}%`));
  await client.end();
  const kinds = {
    'a batch of the database is rejected': isGone(batch),
    'many inserts of a transaction are rejected': isGone(many),
    'inserts that are answered when they are queued are rejected': isGone(queued),
    'an insert by itself and a few of a transaction need only the code that writes': canWrite
      ? [alone, few].every((error) => error === undefined)
      : [alone, few].every(isGone),
    'the callback of a transaction that can not be written is not run': isBegun === canWrite,
    'an empty flush has nothing to reject': nothing === undefined,
    'only what did not reject is written': written.length === (canWrite ? 3 : 0),
  };
  console.log(JSON.stringify({ users: written, kinds }));
}

/** Whether it is Node's error of a module that is not there, or follows from it. */
function isGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /MODULE_NOT_FOUND$/.test(String((error as { code?: unknown }).code)) || isGone(error.cause);
}

/** What it rejects with. */
const thrownBy = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error) => error,
  );

const { DATABASE_URL: url = '', PREFIX: prefix = '', CAN_WRITE: canWrite = '' } = process.env;

main(url, prefix, canWrite === 'yes');
