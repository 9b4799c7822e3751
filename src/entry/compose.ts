/** Puts a database together: drizzle's parts, a driver, and the classes of that driver. */
import type { BatchedSessions } from '../database/session.ts';
import type { Driver } from '../driver/driver.ts';
import type { AnySession } from '../drizzle/classes.ts';
import { type DatabaseParts, loggerOf, mutableCache, partsOf } from '../drizzle/database.ts';
import { noteWriteParts } from '../drizzle/write-parts.ts';
import { Engine } from '../facts/engine.ts';
import type { FactsCache } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { BatchOptions } from '../options.ts';
import { DatabaseUnit } from '../unit-of-work/database-unit.ts';

/** What makes a database of one driver. */
export interface Composition<TDatabase> {
  readonly sessions: BatchedSessions;
  makeDriver(parts: DatabaseParts, options: Required<BatchOptions>): Driver;
  /** What the server has reported of itself, filled as soon as it is known. */
  parametersOf(client: object): Readonly<Record<string, string>>;
  makeDatabase(parts: DatabaseParts, session: AnySession, unit: DatabaseUnit): TDatabase;
}

/** By client and not by database: databases on the same client talk to the same server. */
const knowledge = new WeakMap<object, { readonly facts: FactsCache; readonly engine: Engine }>();

/** @param db made by drizzle's own function */
export function compose<TDatabase extends object>(
  db: object,
  options: Required<BatchOptions>,
  { sessions, makeDriver, parametersOf, makeDatabase }: Composition<TDatabase>,
): TDatabase {
  const parts: DatabaseParts = partsOf(db);
  noteWriteParts(parts.dialect);
  const known = getOrInsert(knowledge, parts.client, () => ({
    facts: new WeakMap(),
    engine: new Engine(parametersOf(parts.client)),
  }));
  const unit = new DatabaseUnit({
    driver: makeDriver(parts, options),
    dialect: parts.dialect,
    logger: loggerOf(db),
    cache: mutableCache(parts.options),
    options,
    ...known,
  });
  const database = makeDatabase(parts, new sessions.OfDatabase(parts, unit), unit);
  const { $client, $cache } = db as { $client: unknown; $cache: unknown };
  return Object.assign(database, { $client, $cache });
}
