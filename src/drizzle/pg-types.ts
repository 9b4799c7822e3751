/** The parsers that drizzle gives each of its statements on node-postgres. */
import type { AnySession } from './classes.ts';

interface Parsers {
  getTypeParser(oid: number, format: string): (text: string) => unknown;
}

/** @param session drizzle's own session of the client, which prepares a statement and sends nothing */
export function parsersOf(session: AnySession): Parsers {
  const prepared = session.prepareQuery({ sql: '', params: [] }, undefined, undefined, false) as any;
  return prepared.rawQueryConfig.types;
}
