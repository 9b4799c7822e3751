/** A class that only drizzle 0.45 has. It is imported without its name: a name that is missing would be a SyntaxError. */
import * as pgCore from 'drizzle-orm/pg-core';
import { otherDrizzle } from './other-drizzle.ts';

export const PgTransaction = pgCore.PgTransaction;

if (!PgTransaction)
  throw otherDrizzle('0.45', '1.0', 'batched-drizzle/v1 or batched-drizzle/v1/node-postgres');
