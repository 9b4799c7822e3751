/** Writes in each way, while the files that an import of the library does not read are missing. */
import { batchedDrizzle } from 'batched-drizzle';
import { like } from 'drizzle-orm';
import { pgTable, serial, varchar } from 'drizzle-orm/pg-core';
import postgres from 'postgres';

const users = pgTable('users', { id: serial('id').primaryKey(), name: varchar('name') });

async function main(url: string, prefix: string): Promise<void> {
  const client = postgres(url, { max: 2 });
  const db = batchedDrizzle(client);
  const alone = await db
    .insert(users)
    .values({ name: `${prefix}alone` })
    .returning();
  const few = await db.transaction(async (tx) => {
    const inserts = [1, 2].map((row) =>
      tx
        .insert(users)
        .values({ name: `${prefix}few ${row}` })
        .returning(),
    );
    return (await Promise.all(inserts)).flat();
  });
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
  const again = await db.transaction((tx) =>
    tx
      .select()
      .from(users)
      .where(like(users.name, `${prefix}%`)),
  );
  await client.end();
  const kinds = {
    'a batch of the database is rejected': isGone(batch),
    'many inserts of a transaction are rejected': isGone(many),
    'inserts that are answered when they are queued are rejected': isGone(queued),
    'only the others are written': again.length === 3 && alone.length === 1 && few.length === 2,
  };
  console.log(JSON.stringify({ users: again, kinds }));
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

const { DATABASE_URL: url = '', PREFIX: prefix = '' } = process.env;

main(url, prefix);
