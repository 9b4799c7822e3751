import type { Client } from './internals.ts';

/** What the server has reported of itself. It is empty until the first connection is up, and then known without a query. */
export function serverParameters(client: Client | undefined): Readonly<Record<string, string>> {
  return (client?.parameters ?? {}) as Readonly<Record<string, string>>;
}
