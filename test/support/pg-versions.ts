import pg from 'pg';
import pg82 from 'pg-8.2';
import pg811 from 'pg-8.11';

/** The versions of node-postgres that the tests run on, by their names. */
export const pgVersions: readonly (readonly [version: string, module: typeof pg])[] = [
  ['8.23', pg],
  ['8.11', pg811],
  ['8.2', pg82],
];
