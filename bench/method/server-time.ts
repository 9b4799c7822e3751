import { readdir, readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';
import { refereeName } from './database.ts';

/** The record of one statement in pg_stat_statements. */
export interface StatementTime {
  readonly query: string;
  /** Whether it is an INSERT or a COPY. */
  readonly isWrite: boolean;
  readonly calls: number;
  readonly rows: number;
  readonly meanMs: number;
  readonly totalMs: number;
}

/** Starts counting. Returns false if the server does not load pg_stat_statements. */
export async function startStatements(sql: Sql): Promise<boolean> {
  try {
    await sql`create extension if not exists pg_stat_statements`;
    await sql`select pg_stat_statements_reset()`;
    return true;
  } catch {
    return false;
  }
}

/** The statements executed in this database since `startStatements`, the most expensive first. */
export async function readStatements(sql: Sql): Promise<StatementTime[]> {
  const rows = await sql<StatementTime[]>`
    select query, query ~* '(^copy|insert into) ' as "isWrite", calls::int, rows::int, mean_exec_time as "meanMs", total_exec_time as "totalMs"
    from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database())
      and query not like '%pg_stat_statements%' and query not like 'select pg_backend_pid%'
    order by total_exec_time desc`;
  return rows.map((row) => ({ ...row, query: row.query.replaceAll(/\s+/g, ' ').slice(0, 300) }));
}

/**
 * Milliseconds of processor time for each process of the server, as Linux counts them. `undefined` if those
 * processes are not visible from here (another machine, a container, another system).
 */
export async function serverCpu(sql: Sql): Promise<Map<number, number> | undefined> {
  try {
    const [own] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const postmaster = own && (await parentOf(own.pid));
    if (postmaster === undefined) return undefined;
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const cpu = new Map<number, number>();
    for (const pid of pids) {
      if ((await parentOf(pid).catch(() => undefined)) !== postmaster) continue;
      cpu.set(pid, await cpuOf(pid));
    }
    return cpu;
  } catch {
    return undefined;
  }
}

/**
 * The same for the processes of the connections to this database, without those of referees. Sides do not run at
 * the same time, so the difference between two moments belongs to the side that ran between them.
 */
export async function backendCpu(sql: Sql): Promise<Map<number, number> | undefined> {
  try {
    const rows = await sql<{ own: number; pid: number }[]>`
      select pg_backend_pid() as own, pid from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend'
        and (pid = pg_backend_pid() or application_name <> ${refereeName})`;
    const postmaster = await parentOf(rows[0]?.own ?? Number.NaN);
    if (postmaster === undefined) return undefined;
    const others = rows.flatMap(({ own, pid }) => (pid === own ? [] : [pid]));
    return new Map(await Promise.all(others.map(async (pid) => [pid, await cpuOf(pid)] as const)));
  } catch {
    return undefined;
  }
}

async function cpuOf(pid: number): Promise<number> {
  const [nanoseconds] = (await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ');
  return Number(nanoseconds) / 1e6;
}

export function spent(before: Map<number, number>, after: Map<number, number>): number {
  return [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
}

/** The parent of a PostgreSQL process. Returns nothing if the process with this number is another program. */
async function parentOf(pid: number): Promise<number | undefined> {
  const [, program, parent] =
    /^\d+ \((.*)\) \S (\d+)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8')) ?? [];
  return program?.startsWith('postgres') ? Number(parent) : undefined;
}
