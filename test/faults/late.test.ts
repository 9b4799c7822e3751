/** What a nested transaction does that still runs while the transaction around it ends: nothing stands outside. */
import { eq, sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BatchedDatabase, BatchedTransaction } from '../../src/index.ts';
import type { FaultRelay } from '../support/fault-relay.ts';
import { startFaulty } from '../support/faulty.ts';
import { settling } from '../support/flights.ts';
import { organizations } from '../support/schema.ts';
import { useDatabase } from '../support/test-database.ts';

const database = useDatabase();
const check = database.connect({ max: 1 });
let relay: FaultRelay;
let db: BatchedDatabase;
let serial = 0;

beforeEach(async () => {
  ({ relay, db } = await startFaulty(database));
});

type Nested = BatchedTransaction<Record<string, never>, Record<string, never>>;

const works: Record<string, (tx: Nested, name: string) => Promise<unknown>> = {
  'an insert': async (tx, name) => tx.insert(organizations).values({ name }),
  'a flush': (tx, name) => {
    tx.insert(organizations).values({ name });
    return tx.flush();
  },
  'an update': async (tx, name) => tx.update(organizations).set({ name }).where(eq(organizations.id, 1)),
  'a nested transaction': (tx, name) =>
    tx.transaction(async (inner) => void (await inner.insert(organizations).values({ name }))),
};

describe.each([
  ['ROLLBACK', async () => Promise.reject(new Error('enough'))],
  ['COMMIT', async () => {}],
] as const)('behind a %s that is not answered', (tag, end) => {
  test.each(Object.keys(works))('%s of a nested transaction is refused', async (work) => {
    const name = `late ${serial++}`;
    const ended = relay.hold({ side: 'server', words: new RegExp(`^${tag}`) });
    let late: Promise<unknown> | undefined;
    let nested: Promise<unknown> | undefined;
    const outer = db.transaction(async (tx) => {
      await new Promise<void>((runs) => {
        nested = tx
          .transaction(async (inner) => {
            await inner.execute(sql`select 1`);
            runs();
            const wire = await ended;
            late = (works[work] as (tx: Nested, name: string) => Promise<unknown>)(inner as never, name);
            late.catch(() => {});
            setTimeout(() => wire.release(), 20);
            await late;
          })
          .catch((error) => error);
      });
      await end();
    });
    await settling(outer, 'the transaction');
    await settling(nested as Promise<unknown>, 'the nested transaction');
    await expect(late).rejects.toThrow();
    expect(await check`select from organizations where name = ${name}`).toHaveLength(0);
    expect(await settling(db.execute(sql`select 1`), 'the next call')).toMatchObject({ status: 'fulfilled' });
  });
});
