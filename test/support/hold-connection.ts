import { driver } from './drivers/chosen.ts';
import type { Client } from './drivers/driver.ts';

/** Keeps one connection of the pool busy until the returned function is called. */
export const holdConnection = (client: Client): Promise<() => Promise<unknown>> => driver.hold(client);
