/** drizzle 1.0's functions with the arguments of 0.45, as the tests call them. */
import type { Client } from '../../drivers/driver.ts';

type Config = Record<string, unknown>;

/** Errors have their parameters, as in 0.45. The schema brings its relations in the form of 1.0, if it has any. */
function configOf({ schema, ...config }: Config = {}): Config {
  const { relationsOfDrizzle1: relations } = (schema ?? {}) as { relationsOfDrizzle1?: object };
  return { paramsInErrors: true, ...(relations && { relations }), ...config };
}

/** A `drizzle()`, or ours. Each has other types of its config. */
type Make = ((config: never) => object) & { mock(config: never): object };

/** Takes a client as the first argument, as drizzle 0.45 does. */
export function takingClient(given: Make): never {
  const make = given as (config: Config) => object;
  const taking = (first: Client | string | Config, config?: Config) => {
    if (typeof first === 'string') return make({ connection: first, ...configOf(config) });
    return make(isConfig(first) ? configOf(first) : { client: first, ...configOf(config) });
  };
  return Object.assign(taking, { mock: (config?: Config) => given.mock(configOf(config) as never) }) as never;
}

function isConfig(given: object): given is Config {
  return typeof given === 'object' && ('client' in given || 'connection' in given);
}
