/** A class that only drizzle 0.45 has. The namespace is imported, since a missing name would be a SyntaxError. */
import * as pgCore from 'drizzle-orm/pg-core';
import { otherDrizzle } from './other-drizzle.ts';

export const PgTransaction = pgCore.PgTransaction;

if (!PgTransaction)
  throw otherDrizzle(
    '0.45',
    '1.0',
    'batched-drizzle/v1 (postgres.js) or batched-drizzle/v1/node-postgres (pg)',
  );
