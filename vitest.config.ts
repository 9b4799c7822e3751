import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The package by its own name, as the command and the examples import it, is what `src` has.
  resolve: { alias: { 'batched-drizzle': new URL('src/index.ts', import.meta.url).pathname } },
  test: {
    pool: 'forks',
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
      {
        extends: true,
        test: {
          name: 'server',
          include: ['test/{integration,abuse,faults,cli,examples}/**/*.test.ts'],
          globalSetup: 'test/support/global-setup.ts',
        },
      },
    ],
  },
});
