import { configDefaults, defineConfig } from 'vitest/config';
import { type DriverName, projects } from './test/support/drivers/names.ts';
import { notShared } from './test/support/drivers/not-shared.ts';

const ofPostgresJs = Object.keys(notShared);

const everyTest = ['test/{integration,abuse,faults,cli,examples,packaged,runtimes}/**/*.test.ts'];

/** PGlite has no server that a test could reach, stop or count the messages of. */
const onPglite = ['test/integration/differential{,-queued}.test.ts'];

/** The tests on a server, on one driver. */
const onServer = ([driver, name]: [string, string]) => ({
  extends: true as const,
  test: {
    name,
    include: driver === 'pglite' ? onPglite : everyTest,
    exclude: [...configDefaults.exclude, ...(driver === 'postgres-js' ? [] : ofPostgresJs)],
    globalSetup: 'test/support/global-setup.ts',
    setupFiles: 'test/support/drivers/skip-failing.ts',
    provide: { driver: driver as DriverName },
  },
});

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
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
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
    ],
  },
});
