import type { TestProject } from 'vitest/node';
import { createDatabase, majorVersion, migrateDatabase } from './database.ts';
import { startServer } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    serverUrl: string;
    serverVersion: number;
    template: string;
  }
}

/** Starts one server for all test files, and creates one migrated database on it that each file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const template = await createDatabase(server.url);
  await migrateDatabase(template.url);
  project.provide('serverUrl', server.url);
  project.provide('serverVersion', await majorVersion(server.url));
  project.provide('template', template.name);
  return async () => {
    await template.drop();
    await server.stop();
  };
}
