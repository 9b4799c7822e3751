import { expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';
import { useDatabase } from '../support/test-database.ts';

/*
 * The code that writes is read when the first database is made, and each program here begins at once. So each has a process of its
 * own.
 */

const database = useDatabase();

const module = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);

const drivers = [
  [
    'postgres.js',
    `const clientOf = (url, max = 1) => postgres(url, { max });
    const { drizzle } = await import('drizzle-orm/postgres-js');
    const { batchedDrizzle: ours } = await import(${module('src/index.ts')});`,
  ],
  [
    'node-postgres',
    `const pg = (await import('pg')).default;
    const clientOf = (url, max = 1) => new pg.Pool({ connectionString: url, max });
    const { drizzle } = await import('drizzle-orm/node-postgres');
    const { batchedDrizzle: ours } = await import(${module('src/node-postgres.ts')});`,
  ],
] as const;

/**
 * What a program gives in a new process: first on drizzle, and then on a database that is the first of ours. `{ make, client, db }`
 * are defined in it.
 */
async function firstOf(connect: string, program: string): Promise<{ ofPlain: unknown; ofOurs: unknown }> {
  const { stdout } = await runScript(`
    ${connect}
    const { sql } = await import('drizzle-orm');
    const { startRelay } = await import(${module('test/support/relay.ts')});
    const { users } = schema;
    const relay = await startRelay({ target: ${JSON.stringify(database.url)}, delay: 1 });
    const check = drizzle(clientOf(${JSON.stringify(database.url)}));
    const namesOf = async () => (await check.select().from(users)).map(({ name }) => name).toSorted();
    const resultOf = async (make) => {
      await check.delete(users);
      relay.reset();
      const client = clientOf(relay.url);
      const db = make(client);
      const result = await (async () => { ${program} })();
      await client.end();
      return result;
    };
    console.log(JSON.stringify({ ofPlain: await resultOf(drizzle), ofOurs: await resultOf(ours) }));
    process.exit();`);
  return JSON.parse(stdout);
}

const programs = {
  'statements behind a transaction see what it has written': `
    const printed = await Promise.all([
      db.transaction(async (tx) => {
        await tx.insert(users).values({ name: 'a' });
        await tx.insert(users).values({ name: 'b' });
      }),
      db.$count(users),
      db.transaction((tx) => tx.$count(users)),
      db.delete(users).returning({ name: users.name }),
      db.insert(users).values({ name: 'd' }).returning({ name: users.name }),
    ]);
    return [printed.slice(1), await namesOf()];`,
  'a statement that was prepared before is executed behind a transaction': `
    const prepared = db.select({ name: users.name }).from(users).prepare('names');
    const [, names] = await Promise.all([
      db.transaction((tx) => tx.insert(users).values({ name: 'a' })),
      prepared.execute(),
    ]);
    return [names, await prepared.execute()];`,
  'a statement of a later turn is executed behind an insert': `
    const insert = db.insert(users).values({ name: 'a' }).then(() => {});
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    const count = await db.$count(users);
    await insert;
    return count;`,
  'the client may be ended behind a transaction, and behind a statement that follows it': `
    // On pg a pool that is ended forgets those who wait for a connection.
    const three = clientOf(relay.url, 3);
    const work = Promise.all([
      make(three).transaction((tx) => tx.insert(users).values({ name: 'a' })),
      make(three).select({ one: sql\`1\` }).from(users).where(sql\`false\`),
    ]);
    // By then drizzle has asked the client for connections.
    await new Promise(setImmediate);
    const ended = three.end();
    await work;
    await ended;
    return namesOf();`,
};

for (const [driver, connect] of drivers) {
  test.each(Object.entries(programs))(
    `what a process does first is as in drizzle on ${driver}: %s`,
    async (_, program) => {
      const { ofPlain, ofOurs } = await firstOf(connect, program);
      expect(ofOurs).toEqual(ofPlain);
    },
  );
}

test.each(drivers)('the first transaction of a process takes one round trip on %s', async (_, connect) => {
  const program = `
    await db.transaction(async (tx) => {
      for (const name of ['a', 'b', 'c']) tx.insert(users).values({ name });
    });
    return [relay.trips, await namesOf()];`;
  const { ofOurs } = await firstOf(connect, program);
  expect(ofOurs).toEqual([1, ['a', 'b', 'c']]);
});
