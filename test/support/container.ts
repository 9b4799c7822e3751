import { get, type RequestOptions } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL in a container that runs as long as the tests need it. */
interface Container {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts PostgreSQL in a container. Returns nothing if no Docker engine answers. */
export async function startContainer(settings: readonly string[]): Promise<Container | undefined> {
  if (!(await dockerAnswers())) return undefined;
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const container = await new PostgreSqlContainer('postgres:18')
    .withCommand(['postgres', ...settings.flatMap((setting) => ['-c', setting])])
    .start();
  return {
    url: container.getConnectionUri(),
    stop: async () => void (await container.stop()),
  };
}

/** Asked here, since testcontainers takes seconds to load and to give up. */
async function dockerAnswers(): Promise<boolean> {
  const answers = await Promise.all(engines().map(ping));
  return answers.includes(true);
}

function engines(): RequestOptions[] {
  const host = process.env.DOCKER_HOST;
  if (host?.startsWith('unix://')) return [{ socketPath: host.slice('unix://'.length) }];
  if (host) {
    const { hostname, port } = new URL(host);
    return [{ hostname, port: port || 2375 }];
  }
  const folders = ['/var/run', join(homedir(), '.docker/run'), process.env.XDG_RUNTIME_DIR];
  return folders.flatMap((folder) => (folder ? [{ socketPath: join(folder, 'docker.sock') }] : []));
}

function ping(engine: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    // Any response will do: an engine that requires TLS refuses this request, but it is running.
    const request = get({ ...engine, path: '/_ping', timeout: 1_000 }, (response) => {
      response.resume();
      resolve(true);
    });
    request.on('timeout', () => request.destroy());
    request.on('close', () => resolve(false));
    request.on('error', () => resolve(false));
  });
}
