/** postgres.js on drizzle 1.0, by the names that the tests of 0.45 have. */
import { drizzle } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { batchedDrizzle } from '../../../../src/v1/index.ts';
import type { TestDriver } from '../../drivers/driver.ts';
import { driver as onDrizzle0 } from '../../drivers/postgres-js.ts';
import { inOrder } from '../in-order.ts';
import { takingClient } from './taking-client.ts';

function drizzleInOrder({ client, ...config }: { client?: Sql }): object {
  if (!client) return drizzle(config as never);
  return Object.assign(drizzle({ client: inOrder(client), ...config }), { $client: client });
}

const plain: TestDriver['drizzle'] = takingClient(Object.assign(drizzleInOrder, { mock: drizzle.mock }));

export const driver: TestDriver = {
  ...onDrizzle0,
  drizzle: plain,
  batchedDrizzle: takingClient(batchedDrizzle),
  reference: (client, config) => plain(client, config),
};
