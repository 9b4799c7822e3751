import type { BatchedDatabase } from 'batched-drizzle';
import type { Sql } from 'postgres';

/** The input of an example: a database with the tables of `schema.ts`, and the number of users to write. */
export interface Given {
  readonly db: BatchedDatabase & { $client: Sql };
  readonly count: number;
}

/** One way of writing many rows. It resolves to a sentence that describes the result. */
export type Example = (given: Given) => Promise<string>;
