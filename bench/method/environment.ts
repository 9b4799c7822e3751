import { readFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { Sql } from 'postgres';
import { folder } from '../folder.ts';
import type { Environment } from '../results.ts';

/** The settings that a time in the results depends on, besides the code. */
const settings = [
  'shared_buffers',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_level',
  'max_wal_size',
  'checkpoint_timeout',
  'autovacuum',
  'work_mem',
  'jit',
  'max_connections',
  'shared_preload_libraries',
];

export async function environment(sql: Sql, server: string): Promise<Environment> {
  const [version] = await sql<{ server_version: string }[]>`show server_version`;
  const set = await sql<{ name: string; value: string }[]>`
    select name, current_setting(name) as value from pg_settings where name = any(${settings}) order by name`;
  const ours = dependencies('../package.json');
  return {
    ...machine(),
    postgres: version?.server_version ?? 'unknown',
    server,
    settings: Object.fromEntries(set.map(({ name, value }) => [name, value])),
    packages: {
      'drizzle-orm': ours['drizzle-orm'] ?? '',
      postgres: ours.postgres ?? '',
      ...dependencies('package.json'),
    },
  };
}

export function machine(): Pick<
  Environment,
  'node' | 'processor' | 'cores' | 'memoryGb' | 'system' | 'load'
> {
  return {
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().split('-')[0]}`,
    load: loadavg()[0] ?? 0,
  };
}

/** The versions of a package's dependencies, which are pinned exactly. */
function dependencies(path: string): Record<string, string> {
  const read = JSON.parse(readFileSync(new URL(path, folder), 'utf8'));
  return { ...read.devDependencies, ...read.dependencies };
}
