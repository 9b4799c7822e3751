/** Puts a database together: drizzle's parts, a driver, and the classes of that driver. */
import type { BatchedSessions } from '#version/database/session';
import type { AnySession } from '#version/drizzle/classes';
import { type DatabaseParts, partsOf } from '#version/drizzle/database';
import { splitArguments } from '#version/entry/arguments';
import type { Driver } from '../driver/driver.ts';
import { loggerOf, mutableCache } from '../drizzle/internals.ts';
import { noteWriteParts } from '../drizzle/write-parts.ts';
import { Engine } from '../facts/engine.ts';
import type { FactsCache } from '../facts/table-facts.ts';
import { getOrInsert } from '../get-or-insert.ts';
import { type BatchOptions, readBatchOptions } from '../options.ts';
import { DatabaseUnit } from '../unit-of-work/database-unit.ts';
import { writing } from '../unit-of-work/late-writing.ts';

/** What makes a database of one driver. */
export interface Composition<TDatabase> {
  readonly sessions: BatchedSessions;
  makeDriver(parts: DatabaseParts, options: Required<BatchOptions>): Driver;
  /** What the server has reported of itself, filled as soon as it is known. */
  parametersOf(client: object): Readonly<Record<string, string>>;
  makeDatabase(parts: DatabaseParts, session: AnySession, unit: DatabaseUnit): TDatabase;
  /** Whether a client takes rows by COPY. Default: each does. */
  takesCopy?(client: object): boolean;
}

/** By client and not by database: databases on the same client talk to the same server. */
const knowledge = new WeakMap<object, { readonly facts: FactsCache; readonly engine: Engine }>();

/**
 * @param make drizzle's own function
 * @param args its arguments, with `batch` in its config
 * @throws {BatchedDrizzleError} `BAD_OPTION` before anything is made
 */
export function compose<TDatabase extends object, TPlain extends readonly unknown[]>(
  make: (...args: TPlain) => object,
  args: readonly unknown[],
  { sessions, makeDriver, parametersOf, makeDatabase, takesCopy }: Composition<TDatabase>,
): TDatabase {
  const { plain, batch } = splitArguments(args);
  const given = readBatchOptions(batch);
  const db = make(...(plain as unknown as TPlain));
  const parts: DatabaseParts = partsOf(db);
  const options =
    takesCopy?.(parts.client) === false ? { ...given, copyRows: Number.POSITIVE_INFINITY } : given;
  const known = getOrInsert(knowledge, parts.client, () => ({
    facts: new WeakMap(),
    engine: new Engine(parametersOf(parts.client)),
  }));
  const driver = makeDriver(parts, options);
  if (driver.sender) noteWriteParts(parts.dialect);
  const unit = new DatabaseUnit({
    driver,
    dialect: parts.dialect,
    logger: loggerOf(db),
    cache: mutableCache(parts.options),
    options,
    ...known,
  });
  const database = makeDatabase(parts, new sessions.OfDatabase(parts, unit), unit);
  // While the program goes on, and connects.
  writing.reading().then(
    ({ readRest }) => readRest(),
    () => {},
  );
  const { $client, $cache } = db as { $client: unknown; $cache: unknown };
  return Object.assign(database, { $client, $cache });
}
