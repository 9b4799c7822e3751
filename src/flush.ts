/** The life of a batch: take → plan → write → send → settle. */
import type { Logger } from 'drizzle-orm';
import type { Cache } from 'drizzle-orm/cache/core';
import type { PgDialect } from 'drizzle-orm/pg-core';
import type { Connection, Driver } from './driver.ts';
import type { TableShape } from './drizzle/table.ts';
import type { Entry } from './entry.ts';
import { asError, BatchedDrizzleError } from './errors.ts';
import { fly } from './fly.ts';
import { learnFacts } from './learn-facts.ts';
import { loneInsert } from './lone.ts';
import type { BatchOptions } from './options.ts';
import { planEntries } from './plan-entries.ts';
import type { ReportBuilder } from './report.ts';
import { Failures, fulfil, type Outcomes } from './settle.ts';
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
  /** A lock is waited for no longer than a batch of several callers may. */
  readonly isBounded: boolean;
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

/** Why entries were not written, or may not have been; they are not settled. */
export interface Refusal {
  readonly error: Error;
  /** The entry whose statement was refused, where it held no other's rows. */
  readonly culprit?: Entry | undefined;
  /** The connection went away with COMMIT on its way. */
  readonly isUnknown?: boolean | undefined;
}

/** Writes entries in a transaction, which fails as a whole. Never rejects. */
export async function flush(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const failures = new Failures(false, context.driver.serialize.bind(context.driver));
  const refusal = await attempt(context, entries, target, report, failures);
  if (refusal) failures.rejectAll(entries, refusal);
  return failures.toFailure();
}

/**
 * Writes entries in as few flights as their references allow: one, but for what only the answer of another
 * row can tell. Never rejects.
 *
 * @returns why entries were not written, which are not settled then; those whose own values can't be sent are.
 */
export async function attempt(
  context: FlushContext,
  entries: readonly Entry[],
  target: FlushTarget,
  report: ReportBuilder,
  failures: Failures,
): Promise<Refusal | undefined> {
  let written: Outcomes = [];
  let { restart, confirm } = target;
  let rest = entries;
  try {
    while (rest.length > 0) {
      const facts = await learnFacts(context, target, shapesOf(rest), confirm, report);
      const lone = loneInsert(context, rest, facts, target);
      const { plan, rejected } = lone ?? planEntries(context, rest, facts, target.mayBeNamed);
      if (rejected) failures.rejectEach(rejected);
      // Nothing has been written that a COMMIT would have to keep.
      if (target.owned && plan.chunks.length === 0 && written.length === 0) break;

      // Where one caller of a user's transaction failed, the transaction has: it must not commit.
      const commits = target.commits && plan.later.length === 0 && (target.owned || failures.isEmpty);
      const flight = await fly(context, plan, target, commits, report, lone?.inserts);
      const { error, culprit, commitError, isUnknown } = flight;
      if (isStale(error) && restart) {
        await restart();
        restart = undefined;
        confirm = true;
        for (const entry of rest) entry.forgetKeys();
        continue;
      }
      if (error)
        return { error: isFactsChanged(error) ? factsChanged(rest, context, error) : error, culprit };
      written = [...written, ...flight.outcomes];
      if (!target.owned) fulfil(written);
      if (commitError) return { error: commitError, isUnknown };
      restart = undefined;
      confirm = false;
      rest = plan.later;
    }
    fulfil(written);
    return undefined;
  } catch (error) {
    return { error: asError(error) };
  }
}

function shapesOf(entries: readonly Entry[]): Set<TableShape> {
  const shapes = new Set<TableShape>();
  for (let index = 0; index < entries.length; index++) shapes.add((entries[index] as Entry).shape);
  return shapes;
}

function factsChanged(entries: readonly Entry[], { facts }: FlushContext, cause: Error): BatchedDrizzleError {
  const shapes = new Map(entries.map(({ shape }) => [shape.name, shape]));
  for (const { table } of shapes.values()) facts.delete(table);
  return new BatchedDrizzleError(
    'FACTS_CHANGED',
    `a table was made anew, or search_path or the role changed, while the transaction ran (${[...shapes.keys()].join(', ')}); nothing was written, retry the transaction`,
    { cause },
  );
}
