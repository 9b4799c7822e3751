import type { drizzle } from 'drizzle-orm/postgres-js';
import type { batchedDrizzle } from '../../src/index.ts';
import type * as schema from '../support/schema.ts';

export type Schema = typeof schema;

/** Databases of one schema, for the compiler to look at: drizzle's own, and ours in its place. */
export declare const plain: ReturnType<typeof drizzle<Schema>>;
export declare const batched: ReturnType<typeof batchedDrizzle<Schema>>;
