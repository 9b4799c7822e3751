/** The parsers that drizzle gives each of its statements on node-postgres. */
import type { AnySession } from './classes.ts';
import { sendingBy } from './database.ts';

interface Parsers {
  getTypeParser(oid: number, format: string): (text: string) => unknown;
}

/** @param session drizzle's own session of the client, which is given another client that sends nothing */
export function parsersOf(session: AnySession): Parsers {
  let types: Parsers | undefined;
  const client = {
    query: async (config: { types: Parsers }) => {
      types = config.types;
      return { rows: [] };
    },
  };
  const prepared = sendingBy(session, client).prepareQuery({ sql: '', params: [] }, 'raw', false);
  void (prepared as any).executor([]);
  return types as unknown as Parsers;
}
