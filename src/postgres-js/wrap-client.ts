import type { Sql } from 'postgres';
import type { Client } from './internals.ts';

/**
 * A client that passes each of its statements to `adopt` before the statement executes.
 *
 * It inherits the rest of the client's properties: copying them would cost each transaction more than its BEGIN.
 */
export function wrapClient(client: Client, adopt: <Made>(made: Made) => Made): unknown {
  const { unsafe, file } = client;
  const tagged = (...args: unknown[]): unknown => adopt((client as (...args: unknown[]) => unknown)(...args));
  return Object.assign(Object.setPrototypeOf(tagged, client), {
    unsafe: (...args: Parameters<typeof unsafe>) => adopt(unsafe(...args)),
    file: (...args: Parameters<typeof file>) => adopt(file(...args)),
    notify: (...[channel, payload]: Parameters<Sql['notify']>) =>
      adopt((tagged as unknown as Sql)`select pg_notify(${channel}, ${payload})`),
  });
}
