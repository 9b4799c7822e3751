import type { BatchedDatabase } from 'batched-drizzle';
import type { Sql } from 'postgres';

/** What an example has: a database with the tables of `schema.ts`, and how many users it is to write. */
export interface Given {
  readonly db: BatchedDatabase & { $client: Sql };
  readonly count: number;
}

/** One way of writing many rows; resolves to a sentence on what has been done. */
export type Example = (given: Given) => Promise<string>;
