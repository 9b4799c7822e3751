import type { BatchedDatabase } from '../../src/index.ts';
import { driver } from './drivers/chosen.ts';
import { addresses, logs, users } from './schema.ts';

export interface CountedJob {
  readonly name: string;
  /** Round trips on a client that knows the facts of the tables. */
  readonly trips: number;
  /** The same with `batch.keys: 'client'`. */
  readonly tripsForKeys: number;
  /** Writes to `users`, `addresses` and `logs`, and resolves to the results of its inserts. */
  run(db: BatchedDatabase): Promise<unknown>;
}

type Inserts = Pick<BatchedDatabase, 'insert'>;

/** Ten users with two addresses each, and a row in `logs` about it. */
function queueGraph(db: Inserts): PromiseLike<unknown>[] {
  const queued: PromiseLike<unknown>[] = [];
  for (let number = 0; number < 10; number++) {
    const user = db.insert(users).values({ name: `user ${number}` });
    queued.push(user.returning());
    for (const kind of ['home', 'work']) {
      queued.push(
        db
          .insert(addresses)
          .values({ email: `${number} ${kind}`, userId: user.ref('id') })
          .returning(),
      );
    }
  }
  queued.push(db.insert(logs).values({ level: 'info', message: 'written' }));
  return queued;
}

const resultsOf = async (queued: readonly PromiseLike<unknown>[]): Promise<unknown[]> =>
  (await Promise.all(queued)).map(driver.comparable);

/** The jobs of the contract's table of round trips, and others that need keys. */
export const countedJobs: readonly CountedJob[] = [
  {
    name: 'a transaction whose callback only queues',
    trips: 1,
    tripsForKeys: 2,
    async run(db) {
      let queued: PromiseLike<unknown>[] = [];
      await db.transaction(async (tx) => {
        queued = queueGraph(tx);
      });
      return resultsOf(queued);
    },
  },
  {
    name: 'a transaction that awaits a flush',
    trips: 2,
    tripsForKeys: 3,
    run: (db) =>
      db.transaction(async (tx) => {
        const queued = queueGraph(tx);
        await tx.flush();
        return resultsOf(queued);
      }),
  },
  {
    name: 'a transaction that awaits its inserts',
    trips: 2,
    tripsForKeys: 3,
    run: (db) => db.transaction((tx) => resultsOf(queueGraph(tx))),
  },
  {
    name: '100 awaited inserts of one turn',
    trips: 1,
    tripsForKeys: 2,
    run: (db) =>
      Promise.all(
        Array.from({ length: 100 }, (_, number) =>
          db
            .insert(users)
            .values({ name: `user ${number}` })
            .returning(),
        ),
      ),
  },
  {
    name: 'a flush of three tables',
    trips: 1,
    tripsForKeys: 2,
    async run(db) {
      const queued = queueGraph(db);
      const { rows, keys } = await db.flush();
      return [rows, keys, ...(await resultsOf(queued))];
    },
  },
  {
    name: 'one row alone',
    trips: 1,
    tripsForKeys: 1,
    run: (db) => db.insert(users).values({ name: 'user 0' }).returning(),
  },
];
