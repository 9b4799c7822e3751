/** postgres.js on drizzle 1.0, by the names that the tests of 0.45 have. */
import { drizzle } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { batchedDrizzle } from '../../../../src/v1/index.ts';
import type { Client, TestDriver } from '../../drivers/driver.ts';
import { driver as onDrizzle0 } from '../../drivers/postgres-js.ts';
import { inOrder } from '../in-order.ts';

type Config = Record<string, unknown>;

/** Errors have their parameters, as in 0.45. The schema brings its relations in the form of 1.0, if it has any. */
function configOf({ schema, ...config }: Config = {}): Config {
  const { relationsOfDrizzle1: relations } = (schema ?? {}) as { relationsOfDrizzle1?: object };
  return { paramsInErrors: true, ...(relations && { relations }), ...config };
}

/** Takes a client as the first argument, as drizzle 0.45 does. */
function takingClient(make: (config: Config) => object, mock: (config: Config) => object): never {
  const taking = (given: Client | string | Config, config?: Config) => {
    if (typeof given === 'string') return make({ connection: given, ...configOf(config) });
    return make(isConfig(given) ? configOf(given) : { client: given, ...configOf(config) });
  };
  return Object.assign(taking, { mock: (config?: Config) => mock(configOf(config)) }) as never;
}

function isConfig(given: object): given is Config {
  return typeof given === 'object' && ('client' in given || 'connection' in given);
}

const plain: TestDriver['drizzle'] = takingClient(
  ({ client, ...config }) => {
    if (!client) return drizzle(config as never);
    return Object.assign(drizzle({ client: inOrder(client as Sql), ...config }), { $client: client });
  },
  (config) => drizzle.mock(config as never),
);

export const driver: TestDriver = {
  ...onDrizzle0,
  drizzle: plain,
  batchedDrizzle: takingClient(
    (config) => batchedDrizzle(config as never),
    (config) => batchedDrizzle.mock(config as never),
  ),
  reference: (client, config) => plain(client, config),
};
