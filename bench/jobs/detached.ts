import { drizzle, PostgresJsSession } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { FlushContext } from '../../src/context.ts';
import { batchedSessions } from '../../src/database/session.ts';
import { partsOf } from '../../src/drizzle/database.ts';
import { loggerOf } from '../../src/drizzle/internals.ts';
import { Engine } from '../../src/facts/engine.ts';
import { BatchedDatabase, BatchedTransaction } from '../../src/index.ts';
import { readBatchOptions } from '../../src/options.ts';
import { PostgresJsDriver } from '../../src/postgres-js/driver.ts';
import type { Entry } from '../../src/take/entry.ts';
import { atEndOfTurnIf } from '../../src/take/schedule.ts';
import { DatabaseUnit } from '../../src/unit-of-work/database-unit.ts';

class DetachedUnit extends DatabaseUnit {
  take(): Entry[] {
    return this.queue.take();
  }
}

export interface Detached {
  readonly db: BatchedDatabase;
  readonly context: FlushContext;
  /** Empties the queue without writing anything. */
  take(): Entry[];
}

/** A database that never connects and never flushes by itself, however many inserts are queued. */
export function detached(): Detached {
  // It only provides the serialisers. It would connect with its first query, and none is sent.
  const plain = drizzle(postgres());
  const parts = partsOf(plain);
  const context: FlushContext = {
    driver: new PostgresJsDriver(parts.client, false, atEndOfTurnIf),
    dialect: parts.dialect,
    logger: loggerOf(plain),
    cache: undefined,
    options: readBatchOptions({ maxRows: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER }),
    facts: new WeakMap(),
    engine: new Engine(),
  };
  const unit = new DetachedUnit(context);
  const { OfDatabase } = batchedSessions(
    PostgresJsSession,
    ({ dialect, schema }, session, unit) => new BatchedTransaction(dialect, session, schema, unit),
  );
  return {
    db: new BatchedDatabase(parts.dialect, new OfDatabase(parts, unit), parts.schema, unit),
    context,
    take: () => unit.take(),
  };
}
