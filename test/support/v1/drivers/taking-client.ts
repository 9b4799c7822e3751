/** drizzle 1.0's functions with the arguments of 0.45, as the tests call them. */
import type { Client } from '../../drivers/driver.ts';

export type Config = Record<string, unknown>;

/** Errors have their parameters, as in 0.45. The schema brings its relations in the form of 1.0, if it has any. */
function configOf({ schema, ...config }: Config = {}): Config {
  const { relationsOfDrizzle1: relations } = (schema ?? {}) as { relationsOfDrizzle1?: object };
  return { paramsInErrors: true, ...(relations && { relations }), ...config };
}

/** Takes a client as the first argument, as drizzle 0.45 does. */
export function takingClient(make: (config: Config) => object, mock: (config: Config) => object): never {
  const taking = (given: Client | string | Config, config?: Config) => {
    if (typeof given === 'string') return make({ connection: given, ...configOf(config) });
    return make(isConfig(given) ? configOf(given) : { client: given, ...configOf(config) });
  };
  return Object.assign(taking, { mock: (config?: Config) => mock(configOf(config)) }) as never;
}

function isConfig(given: object): given is Config {
  return typeof given === 'object' && ('client' in given || 'connection' in given);
}
