import type { Sql } from 'postgres';
import { pgBouncerProgram, startPgBouncer } from '../../test/support/pgbouncer.ts';
import type { Way } from '../cell.ts';
import type { Session, Setting } from '../sides/side.ts';

/** Long enough for a run to begin on the connection that was opened for it. */
const idleMs = 150;

/** How the sides of a cell connect to the server. */
export interface OpenWay {
  readonly url: string;
  /** The settings for their clients. */
  readonly setting: Pick<Setting, 'isPooled' | 'idleMs'>;
  /** The last step before each run, untimed. */
  before(session: Session): Promise<void>;
  close(): Promise<void>;
}

/** Why a cell can't be measured here; `undefined` if it can. */
export function lacking(way: Way | undefined): string | undefined {
  return way === 'pooler' && pgBouncerProgram === undefined ? 'PgBouncer is not installed' : undefined;
}

export async function openWay(way: Way | undefined, url: string, sql: Sql): Promise<OpenWay> {
  if (way === 'pooler' && pgBouncerProgram !== undefined) {
    const { url: pooled, stop } = await startPgBouncer(pgBouncerProgram, url);
    return { url: pooled, setting: { isPooled: true }, before: async () => {}, close: stop };
  }
  const isCold = way === 'cold';
  return {
    url,
    setting: isCold ? { idleMs } : {},
    async before(session) {
      if (!isCold) return;
      await untilAlone(sql);
      await session.connect?.();
    },
    close: async () => {},
  };
}

/** Waits until every pool has closed its idle connections, for at most 10 seconds. */
async function untilAlone(sql: Sql): Promise<void> {
  for (let n = 0; n < 500; n++) {
    const others = await sql`
      select 1 from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`;
    if (others.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('a side keeps a connection open that nobody uses');
}
