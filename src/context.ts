import type { Logger } from 'drizzle-orm';
import type { Cache } from 'drizzle-orm/cache/core';
import type { PgDialect } from 'drizzle-orm/pg-core';
import type { Driver } from './driver/driver.ts';
import type { Engine } from './facts/engine.ts';
import type { FactsCache } from './facts/table-facts.ts';
import type { BatchOptions } from './options.ts';

/** The parts that every flush of a database shares. */
export interface FlushContext {
  readonly driver: Driver;
  readonly dialect: PgDialect;
  readonly logger: Logger;
  readonly cache: Cache | undefined;
  readonly options: Required<BatchOptions>;
  readonly facts: FactsCache;
  readonly engine: Engine;
}
