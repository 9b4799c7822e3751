/** The drivers that the tests run on, each with its project in `vitest.config.ts`. */
export const projects = {
  'postgres-js': 'server',
  'node-postgres': 'server:node-postgres',
  pglite: 'server:pglite',
} as const;

/** The same on drizzle 1.0, for the drivers that `src/v1/` has. */
export const projectsOfDrizzle1 = {
  'postgres-js': 'server:drizzle-1',
  'node-postgres': 'server:drizzle-1:node-postgres',
} as const;

export type DriverName = keyof typeof projects;

export const driverNames = Object.keys(projects) as DriverName[];

/** @throws if no driver has that name */
export function driverNamed(name: string): DriverName {
  const found = driverNames.find((each) => each === name);
  if (found) return found;
  throw new Error(`--driver: expected one of ${driverNames.join(', ')}, got ${JSON.stringify(name)}`);
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Unit tests have none. */
    driver?: DriverName;
  }
}
