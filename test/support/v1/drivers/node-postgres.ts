/** pg on drizzle 1.0, by the names that the tests of 0.45 have. */
import { drizzle } from 'drizzle-orm/node-postgres';
import type { Pool } from 'pg';
import { batchedDrizzle } from '../../../../src/v1/node-postgres.ts';
import type { TestDriver } from '../../drivers/driver.ts';
import { driver as onDrizzle0 } from '../../drivers/node-postgres.ts';
import { rejectingUncommitted } from '../../drivers/rejecting-uncommitted.ts';
import { takingClient } from './taking-client.ts';

const plain: TestDriver['drizzle'] = takingClient(drizzle);

export const driver: TestDriver = {
  ...onDrizzle0,
  drizzle: plain,
  batchedDrizzle: takingClient(batchedDrizzle),
  reference: (client, config) =>
    plain(rejectingUncommitted(client as unknown as Pool, true) as never, config),
};
