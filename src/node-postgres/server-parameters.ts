/** What the server reports of itself when a connection starts. pg tells it by events of the connection, and keeps nothing. */
import { getOrInsert } from '../get-or-insert.ts';
import { type Client, type ClientClass, isPool, type Pool } from './internals.ts';

const known = new WeakMap<object, Record<string, string>>();

/** Is empty until a connection has started, and then known without a query. */
export function serverParameters(client: Client | Pool): Readonly<Record<string, string>> {
  return getOrInsert(known, client, () => {
    const parameters: Record<string, string> = {};
    // A mock has neither a class of clients nor a connection.
    if (isPool(client) && client.Client) listenToClients(client, parameters);
    else if ('connection' in client) listen(client, parameters);
    return parameters;
  });
}

/** A pool makes its clients by this class, and gives them out when all has been said. */
function listenToClients(pool: Pool, parameters: Record<string, string>): void {
  const { Client } = pool;
  const Listening = class extends Client {
    constructor(config?: object) {
      super(config);
      listen(this, parameters);
    }
  };
  Object.defineProperty(Listening, 'name', { value: (Client as unknown as { name: string }).name });
  (pool as { Client: ClientClass }).Client = Listening;
}

function listen({ connection }: Client, parameters: Record<string, string>): void {
  connection.on(
    'parameterStatus',
    ({ parameterName, parameterValue }: { parameterName: string; parameterValue: string }) => {
      parameters[parameterName] = parameterValue;
    },
  );
}
