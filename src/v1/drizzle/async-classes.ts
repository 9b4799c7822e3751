/** Classes that only drizzle 1.0 has. They are imported without their names: a name that is missing would be a SyntaxError. */
import * as pgCore from 'drizzle-orm/pg-core';
import { otherDrizzle } from '../../drizzle/other-drizzle.ts';

export const PgAsyncInsertBase = pgCore.PgAsyncInsertBase;
export const PgAsyncTransaction = pgCore.PgAsyncTransaction;

if (!PgAsyncTransaction)
  throw otherDrizzle('1.0', '0.45', 'batched-drizzle or batched-drizzle/node-postgres');
