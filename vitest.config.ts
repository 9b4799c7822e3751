import { configDefaults, defineConfig } from 'vitest/config';
import { type DriverName, projects, projectsOfDrizzle1 } from './test/support/drivers/names.ts';
import { notShared } from './test/support/drivers/not-shared.ts';
import { counterparts } from './test/support/v1/counterparts.ts';
import { onDrizzle1 } from './test/support/v1/shared.ts';

const ofPostgresJs = Object.keys(notShared);

const lateParts = 'test/support/late-parts.ts';

const everyTest = ['test/{integration,abuse,faults,examples}/**/*.test.ts'];

/** What takes minutes of its own, for most of it is npm, compilers and processes at work. */
const apart = {
  packaged: ['test/{packaged,runtimes}/**/*.test.ts'],
  command: ['test/cli/**/*.test.ts'],
};

/** PGlite has no server that a test could reach, stop or count the messages of. */
const onPglite = ['test/integration/{differential{,-queued},reference-columns}.test.ts'];

/** The tests on a server, on one driver. */
const onServer = ([driver, name]: [string, string]) => ({
  extends: true as const,
  test: {
    name,
    include: driver === 'pglite' ? onPglite : everyTest,
    exclude: [...configDefaults.exclude, ...(driver === 'postgres-js' ? [] : ofPostgresJs)],
    globalSetup: 'test/support/global-setup.ts',
    setupFiles: [lateParts, 'test/support/drivers/skip-failing.ts'],
    provide: { driver: driver as DriverName },
  },
});

/** The version of drizzle that `src/v1/` is for, under the name that the library imports. */
const drizzle1 = {
  extends: true as const,
  plugins: [counterparts()],
  resolve: {
    conditions: ['drizzle-1'],
    alias: [
      { find: /^drizzle-orm(?=\/|$)/, replacement: 'drizzle-orm-1' },
      { find: 'batched-drizzle', replacement: new URL('src/v1/index.ts', import.meta.url).pathname },
    ],
  },
  ssr: { resolve: { conditions: ['drizzle-1'] } },
};

const ofDrizzle1Only = ['test/v1/**/*.test.ts', 'test/unit/drizzle/kind.test.ts'];

export default defineConfig({
  // The package by its own name, as the command and the examples import it, is what `src` has.
  resolve: { alias: { 'batched-drizzle': new URL('src/index.ts', import.meta.url).pathname } },
  test: {
    pool: 'forks',
    // Tests mostly wait for a server or for a process, so a worker less than there are cores would leave one idle.
    maxWorkers: '100%',
    // Files share a process, for starting one costs more than most files take: each cleans up what it puts there.
    isolate: false,
    restoreMocks: true,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], setupFiles: lateParts },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            checker: 'tsc',
            include: ['test/types/**/*.test-d.ts'],
            // Errors of other files are for `npm run typecheck` to tell.
            ignoreSourceErrors: true,
          },
        },
      },
      ...Object.entries(projects).map(onServer),
      ...Object.entries(apart).map(([name, include]) => ({
        extends: true as const,
        test: {
          name,
          include,
          globalSetup: 'test/support/global-setup.ts',
          setupFiles: 'test/support/drivers/skip-failing.ts',
          provide: { driver: 'postgres-js' as const },
        },
      })),
      ...Object.entries(projectsOfDrizzle1).map(([driver, name]) => ({
        ...drizzle1,
        test: {
          name,
          include: [...(driver === 'postgres-js' ? ofDrizzle1Only : []), ...onDrizzle1],
          globalSetup: 'test/support/global-setup.ts',
          setupFiles: [lateParts, 'test/support/v1/skip-not-shared.ts'],
          provide: { driver: driver as DriverName },
        },
      })),
    ],
  },
});
