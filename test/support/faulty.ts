import type { BatchedDatabase, BatchOptions } from '../../src/index.ts';
import { batchedDrizzle, driver } from './drivers/chosen.ts';
import type { FaultRelay } from './fault-relay.ts';
import { oneConnection, queueLargeFlight } from './flights.ts';
import type { TestDatabase } from './test-database.ts';

/** A database whose only connection goes through a relay, which can hold or cut it. */
export interface Faulty {
  readonly relay: FaultRelay;
  readonly db: BatchedDatabase;
  /** Settles when the client knows that its connection is gone. */
  readonly closed: Promise<unknown>;
}

/** The connection is open and the tables of a flight are known, so that only the next flight is sent. */
export async function startFaulty(database: TestDatabase, batch: BatchOptions = {}): Promise<Faulty> {
  const relay = await database.faultRelay();
  const client = database.client({ ...oneConnection, url: relay.url });
  const closed = driver.closed(client);
  const db = batchedDrizzle(client, { batch });
  await db.transaction(async (tx) => void queueLargeFlight(tx, 'known'));
  return { relay, db, closed };
}
