/** Classes that only drizzle 1.0 has. The namespace is imported, since a missing name would be a SyntaxError. */
import * as pgCore from 'drizzle-orm/pg-core';
import { otherDrizzle } from '../../drizzle/other-drizzle.ts';

export const PgAsyncInsertBase = pgCore.PgAsyncInsertBase;
export const PgAsyncTransaction = pgCore.PgAsyncTransaction;

if (!PgAsyncTransaction)
  throw otherDrizzle('1.0', '0.45', 'batched-drizzle (postgres.js) or batched-drizzle/node-postgres (pg)');
