import type { Sql } from 'postgres';
import { pgBouncerProgram, startPgBouncer } from '../../test/support/pgbouncer.ts';
import type { Way } from '../cell.ts';
import type { Session, Setting } from '../sides/side.ts';
import { refereeName } from './database.ts';

/** Long enough for a run to begin on the connection that was opened for it. */
const idleMs = 150;

/** How the sides of a cell connect to the server. */
export interface OpenWay {
  readonly url: string;
  /** The settings for their clients. */
  readonly setting: Pick<Setting, 'isPooled' | 'idleMs'>;
  close(): Promise<void>;
}

/** Why a cell can't be measured here; `undefined` if it can. */
export function lacking(way: Way | undefined): string | undefined {
  return way === 'pooler' && pgBouncerProgram === undefined ? 'PgBouncer is not installed' : undefined;
}

export async function openWay(way: Way | undefined, url: string): Promise<OpenWay> {
  if (way === 'pooler' && pgBouncerProgram !== undefined) {
    const { url: pooled, stop } = await startPgBouncer(pgBouncerProgram, url);
    return { url: pooled, setting: { isPooled: true }, close: stop };
  }
  return { url, setting: way === 'cold' ? { idleMs } : {}, close: async () => {} };
}

/** The last step before each run on a cold connection, untimed. @param sql the referee's connection */
export async function openCold(session: Session, sql: Sql): Promise<void> {
  await untilAlone(sql);
  await session.connect?.();
}

/** Waits until every pool has closed its idle connections, for at most 10 seconds. */
async function untilAlone(sql: Sql): Promise<void> {
  for (let n = 0; n < 500; n++) {
    const others = await sql`
      select 1 from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend'
        and application_name <> ${refereeName}`;
    if (others.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('a side keeps a connection open that nobody uses');
}
