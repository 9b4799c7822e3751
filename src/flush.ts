/** The life of a batch: take → plan → write → send → settle. */
import type { Logger } from 'drizzle-orm';
import type { Cache } from 'drizzle-orm/cache/core';
import type { PgDialect, PgTable } from 'drizzle-orm/pg-core';
import type { Connection, Driver } from './driver.ts';
import { foreignTables } from './drizzle-facts.ts';
import { encodeRows } from './encode-rows.ts';
import type { Entry, Outcome } from './entry.ts';
import { BatchedDrizzleError } from './errors.ts';
import { fly } from './fly.ts';
import { getOrInsert } from './get-or-insert.ts';
import { type FactsByTable, learnFacts } from './learn-facts.ts';
import type { BatchOptions } from './options.ts';
import { plan } from './plan.ts';
import type { ReportBuilder } from './report.ts';
import { fulfil, rejectAll, rejectEach } from './settle.ts';
import type { Answer, Statement } from './statement.ts';
import type { FactsCache } from './table-facts.ts';
import { isFactsChanged, isStale } from './write/guard.ts';

/** What every flush of a database shares. */
export interface FlushContext {
  readonly driver: Driver;
  readonly dialect: PgDialect;
  readonly logger: Logger;
  readonly cache: Cache | undefined;
  readonly options: Required<BatchOptions>;
  readonly facts: FactsCache;
}

/** Where a batch is written. */
export interface FlushTarget {
  /** The connection of the transaction, where one is open. */
  readonly connection: Connection | undefined;
  /** Opens the transaction where none is. */
  connect(): Promise<Connection>;
  /** Sends one statement that needs no transaction of its own. */
  run(statement: Statement): Promise<Answer>;
  /** Begins the transaction anew after its first flight was refused; absent where it has done more than that. */
  restart: (() => Promise<void>) | undefined;
  /** The transaction ends with the flush: COMMIT travels with its last flight. */
  readonly commits: boolean;
  /** A later insert of the same transaction may name the rows by `ref()`, so that their keys must be known. */
  readonly mayBeNamed: boolean;
  /** The library opened the transaction, so that nobody hears of success before COMMIT is answered. */
  readonly owned: boolean;
  /** Raw SQL may have changed what the facts rest on. */
  readonly confirm: boolean;
  /** Facts that hold in this transaction, whose role and `search_path` are its own. */
  readonly facts: FactsCache;
}

/** Why a flush could not write everything; the entries have been settled. */
export interface FlushFailure {
  /** For whoever waits for the flush. */
  readonly error: Error;
  /** What the driver said, for whoever waits for the transaction. */
  readonly cause: Error;
}

/**
 * Writes entries in as few flights as their references allow: one, but for what only the answer of another
 * row can tell. Never rejects.
 */
export async function flush(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const serialize = context.driver.serialize.bind(context.driver);
  const canParse = (type: number) => context.driver.parser(type) !== undefined;
  const written = new Map<Entry, Outcome>();
  let failure: FlushFailure | undefined;
  let { restart, confirm } = target;
  let rest = entries;
  try {
    while (rest.length > 0) {
      const shapes = rest.map(({ shape }) => shape);
      const facts = await learnFacts(context, target, shapes, confirm, report);
      const { encoded, rejected } = encodeRows(rest, facts, serialize);
      const own = rejectEach(rejected);
      failure ??= own;

      const valid = rest.filter((entry) => encoded.has(entry));
      const pointsAt = parentsAmong(valid, facts);
      // What is awaited is mostly awaited where it is made, and leaves nothing behind to name it by.
      const mayBeNamed = ({ awaited }: Entry) => !awaited && target.mayBeNamed;
      const planned = plan({
        entries: valid,
        encoded,
        facts,
        pointsAt,
        mayBeNamed,
        canParse,
        ...context.options,
      });
      // Where one caller of a user's transaction failed, the transaction has: it must not commit.
      const commits = target.commits && planned.later.length === 0 && (target.owned || !failure);
      const flight = await fly(context, planned, target, commits, report);
      if (isStale(flight.error) && restart) {
        await restart();
        restart = undefined;
        confirm = true;
        continue;
      }
      if (isFactsChanged(flight.error)) throw factsChanged(valid, context, flight.error);
      if (flight.error) throw new FlightError(flight.error, flight.culprit);
      for (const [entry, outcome] of flight.outcomes) written.set(entry, outcome);
      if (!target.owned) fulfil(written);
      if (flight.commitError && !target.owned)
        return { error: flight.commitError, cause: flight.commitError };
      if (flight.commitError) throw flight.commitError;
      restart = undefined;
      confirm = false;
      rest = planned.later;
    }
    fulfil(written);
    return failure;
  } catch (thrown) {
    const error = thrown instanceof FlightError ? thrown.cause : thrown;
    const culprit = thrown instanceof FlightError ? thrown.culprit : undefined;
    return rejectAll(entries, error, culprit, target.owned);
  }
}

function factsChanged(
  entries: readonly Entry[],
  { facts }: FlushContext,
  cause: Error | undefined,
): BatchedDrizzleError {
  const shapes = new Map(entries.map(({ shape }) => [shape.name, shape]));
  for (const { table } of shapes.values()) facts.delete(table);
  return new BatchedDrizzleError(
    'FACTS_CHANGED',
    `a table was made anew, or search_path or the role changed, while the transaction ran (${[...shapes.keys()].join(', ')}); nothing was written, retry the transaction`,
    { cause },
  );
}

/** A flight that the database refused, and whose statement it was where that is certain. */
class FlightError extends Error {
  constructor(
    override readonly cause: Error,
    readonly culprit: Entry | undefined,
  ) {
    super(cause.message);
  }
}

/** What a table's rows must come after: by its foreign keys, and by the references of these entries. */
function parentsAmong(entries: readonly Entry[], facts: FactsByTable): (table: PgTable) => Iterable<PgTable> {
  const parents = new Map<PgTable, Set<PgTable>>();
  const parentsOf = (table: PgTable) =>
    getOrInsert(parents, table, () => new Set([...foreignTables(table), ...parentsByFacts(table, facts)]));
  for (const { references, shape } of entries) {
    for (const reference of references) parentsOf(shape.table).add(reference.origin.entry.shape.table);
  }
  return parentsOf;
}

/** Foreign keys that only the database knows of, among the tables of the flush. */
function parentsByFacts(table: PgTable, facts: FactsByTable): PgTable[] {
  const oids = new Set(facts.get(table)?.parents);
  return [...facts].filter(([, other]) => other && oids.has(other.oid)).map(([parent]) => parent);
}
