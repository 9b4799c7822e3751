/** Asks the server, on a connection of its own, to cancel what another one runs. */
import type { Client, ClientClass } from './internals.ts';

/** Settles when the server has received the request; never rejects. */
export function cancel(client: Client): Promise<void> {
  const { processID, secretKey, port, host } = client;
  const { ssl } = client.connection;
  if (typeof processID !== 'number' || typeof secretKey !== 'number') return Promise.resolve();
  const Client = client.constructor as ClientClass;
  const { connection } = new Client({ host, port, ssl: ssl || false });
  return new Promise((resolve) => {
    connection.on('error', () => resolve());
    connection.on('end', () => resolve());
    const ask = (): void => connection.cancel(processID, secretKey);
    // With TLS the request must not travel in clear text either.
    connection.on('connect', ssl ? () => connection.requestSsl() : ask);
    connection.on('sslconnect', ask);
    if (host?.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
    else connection.connect(port ?? 5432, host);
  });
}
