import type { DriverName } from './names.ts';

/** Server tests that run once, in the project of postgres.js, by what they test. */
export const notShared: Readonly<Record<string, string>> = {
  'test/cli/*.test.ts': 'the command, which has its own client',
  'test/examples/*.test.ts': 'programs with their own client',
  'test/integration/before-read.test.ts': 'programs with their own client, of both drivers',
  'test/integration/calculator-trips.test.ts': 'the calculator of the site, which counts on two drivers',
  'test/integration/copy-facts.test.ts': 'facts of PostgreSQL',
  'test/integration/drizzle-facts.test.ts': 'internals of drizzle, of every driver',
  'test/integration/embedded.test.ts': 'starting a server',
  'test/integration/handed-out-clients.test.ts': 'clients that postgres.js hands out for one connection',
  'test/integration/held-back.test.ts': 'how postgres.js fills a connection',
  'test/integration/no-nagle.test.ts': 'the socket option that postgres.js does not set',
  'test/integration/neon-serverless.test.ts': 'the driver of Neon',
  'test/integration/node-postgres-client.test.ts':
    'a client of pg that others use, on several versions of pg',
  'test/integration/node-postgres-faults.test.ts':
    'connections of pg that are lost, on several versions of pg',
  'test/integration/left-behind.test.ts': 'programs with their own client, of both drivers',
  'test/integration/node-postgres.test.ts': 'the driver of pg, on several versions of pg',
  'test/integration/own-serialisers.test.ts': 'the serialisers of a client, which drizzle on pg does not use',
  'test/integration/parameters.test.ts':
    'the option `parameters`, which spares what only postgres.js asks of the server',
  'test/integration/pglite.test.ts': 'PGlite, which has no server',
  'test/integration/pglite-transactions.test.ts': 'PGlite, which has no server',
  'test/integration/pglite-values.test.ts': 'PGlite, which has no server',
  'test/integration/postgres-facts.test.ts': 'internals of postgres.js that the library reads',
  'test/integration/readme-trips.test.ts': 'the README, which counts on two drivers',
  'test/integration/relay.test.ts': 'the relay of the tests',
  'test/integration/repeated-text.test.ts': 'what postgres.js writes for an insert; pg has a test of its own',
  'test/integration/sentry.test.ts': "Sentry's integration of postgres.js; that of pg is OpenTelemetry's",
  'test/integration/server-facts.test.ts': 'facts of PostgreSQL',
  'test/integration/unreadable.test.ts': 'the parsers of postgres.js, which a client may replace',
  'test/packaged/*.test.ts': 'programs with their own client',
  'test/runtimes/*.test.ts': 'programs with their own client, on two drivers',
};

/** Tests that fail on a driver because of a defect of ours, by file and name, each with what is wrong. They are skipped. */
export const failing: Readonly<Partial<Record<DriverName, Readonly<Record<string, string>>>>> = {};
