/** Entries of the database → each written or rejected by itself, as if its insert had been sent alone. */

import type { PgTable } from 'drizzle-orm/pg-core';
import type { FlushContext } from '../context.ts';
import { attempt } from '../flush/flush.ts';
import { getOrInsert } from '../get-or-insert.ts';
import type { ReportBuilder } from '../report.ts';
import { Failures, type FlushFailure, type Refusal } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import { atEndOfTurn } from '../take/schedule.ts';
import { batchLockTimeout } from '../write/lock-timeout.ts';
import { classifyRefusal, isReadOnly } from './classify-refusal.ts';
import { inTurn, openParents, runsOf } from './in-turn.ts';
import { OwnTransaction } from './own-transaction.ts';
import { sendPipelinedTransactions, writePipelinedTransactions } from './pipeline.ts';

/**
 * At most so many inserts are sent as a transaction each, in one pipeline. More are split in halves again.
 */
const fewEnough = 64;

/**
 * Writes a batch as one transaction. If the server rolls it back, its halves are sent again, until few
 * entries are left. Those are sent as a transaction each, so that only the failing entries reject. Never
 * rejects itself.
 */
export async function flushEach(
  context: FlushContext,
  entries: readonly Entry[],
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const failures = new Failures(true, context.driver);
  const batch = new Batch(context, report, failures);
  await batch.write(entries);
  await batch.settled();
  return failures.toFailure();
}

class Batch {
  /** Writes that the rest of the batch must not wait for: another entry of the batch may hold their locks. */
  readonly #background = new Set<Promise<void>>();
  /** Entries whose parents have settled in this turn. */
  #released: Entry[] = [];

  constructor(
    readonly context: FlushContext,
    readonly report: ReportBuilder,
    readonly failures: Failures,
  ) {}

  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  async write(given: readonly Entry[]): Promise<void> {
    const entries = this.#holdBack(given, new Set(given));
    if (entries.length === 0) return;
    const refusal = await this.#attempt(entries, entries.length > 1 ? batchLockTimeout : undefined);
    if (!refusal) return;
    const open = entries.filter(({ outcome }) => !outcome);
    if (refusal.mustGoApart) return this.#writeApart(open);
    const kind = classifyRefusal(refusal, this.context.driver.errors);
    if (kind === 'retryAlone' && entries.length > 1) this.#writeAlone(open);
    else if (kind === 'split' && open.length > fewEnough) await this.#halve(open);
    else if (kind === 'split' && open.length > 1) await this.#writePipelined(open);
    else if (isReadOnly(refusal)) await this.#writeByTable(open, refusal);
    else this.failures.rejectAll(open, refusal);
  }

  /** All entries of a table fare alike, and the refusal has no values of theirs. */
  async #writeByTable(entries: readonly Entry[], refusal: Refusal): Promise<void> {
    const tables = new Map<PgTable, Entry[]>();
    for (const entry of entries) getOrInsert(tables, entry.shape.table, () => []).push(entry);
    for (const group of tables.values()) {
      if (tables.size > 1) await this.write(group);
      else for (const entry of group) this.failures.rejectAll([entry], refusal);
    }
  }

  /** The halves are written in call order, one after the other. */
  async #halve(entries: readonly Entry[]): Promise<void> {
    const middle = Math.ceil(entries.length / 2);
    await this.write(entries.slice(0, middle));
    await this.write(entries.slice(middle));
  }

  /** Entries of which it is not proved that they may share a transaction. */
  async #writeApart(entries: readonly Entry[]): Promise<void> {
    const { engine, driver } = this.context;
    const isAlone = engine.takesTransactions === false || driver.isShared;
    const isPlain = isAlone || engine.refusesCatalog || engine.refusesSettings;
    if (isPlain) return this.#writeAlone(entries);
    for (let rest = entries; rest.length > 0; ) {
      const { now, later } = inTurn(rest);
      await this.#writePipelined(now);
      rest = later;
    }
  }

  /** Each entry as a transaction, all in one pipeline. */
  async #writePipelined(given: readonly Entry[]): Promise<void> {
    const { context, report, failures } = this;
    const transactions = await writePipelinedTransactions(context, this.#holdBack(given), report, failures);
    // In call order. Only adjacent transactions that fit into a pipeline share one.
    for (const run of runsOf(transactions)) {
      const fitsPipeline = run[0]?.fitsPipeline;
      const left = fitsPipeline
        ? await sendPipelinedTransactions(context, run, report, failures)
        : await this.#tryInTurn(run.map(({ entry }) => entry));
      this.#writeAlone(left);
    }
  }

  /** Each entry on a connection of its own, so that it may wait for its lock. */
  #writeAlone(given: readonly Entry[]): void {
    for (const entry of this.#holdBack(given)) this.#begin(this.#writeOne(entry));
  }

  async #writeOne(entry: Entry): Promise<void> {
    const refusal = await this.#attempt([entry], undefined);
    if (!refusal) return;
    this.context.engine.noteAlone(refusal.error, this.context.driver.errors);
    this.failures.rejectAll([entry], refusal);
  }

  /** In call order, since it is not proved that the entries do not see one another. */
  async #tryInTurn(entries: readonly Entry[]): Promise<Entry[]> {
    const left: Entry[] = [];
    for (const entry of entries) left.push(...(await this.#tryOne(entry)));
    return left;
  }

  /** @returns the entry, if it would have to wait for a lock and block others; else none */
  async #tryOne(entry: Entry): Promise<Entry[]> {
    const refusal = await this.#attempt([entry], batchLockTimeout);
    if (refusal?.mustGoApart) return [entry];
    if (refusal && classifyRefusal(refusal, this.context.driver.errors) === 'retryAlone') return [entry];
    if (refusal) this.failures.rejectAll([entry], refusal);
    return [];
  }

  async #attempt(entries: readonly Entry[], lockTimeout: string | undefined): Promise<Refusal | undefined> {
    const target = new OwnTransaction(this.context, lockTimeout);
    const refusal = await attempt(this.context, entries, target, this.report, this.failures);
    await target.close();
    const isUnbegun = refusal && target.connection?.hasBegun === false;
    const { driver, engine } = this.context;
    return isUnbegun && engine.noteUnbegun(refusal.error, driver.errors)
      ? { ...refusal, mustGoApart: true }
      : refusal;
  }

  /**
   * Leaves out entries that refer to others whose outcome is open, and writes them when it is known.
   *
   * @param along entries that are written together, so that they need not be waited for
   */
  #holdBack(entries: readonly Entry[], along = new Set<Entry>()): readonly Entry[] {
    const held = new Map<Entry, readonly Entry[]>();
    // In call order parents come first. An entry that was awaited late may precede its parent, so the loop
    // repeats.
    for (let size = -1; size < held.size; ) {
      size = held.size;
      for (const entry of entries) {
        const parents = held.has(entry) ? [] : openParents(entry, along);
        if (parents.length === 0) continue;
        held.set(entry, parents);
        along.delete(entry);
      }
    }
    for (const [entry, parents] of held) this.#begin(this.#release(entry, parents));
    return held.size === 0 ? entries : entries.filter((entry) => !held.has(entry));
  }

  /** Entries whose parents settle in one turn travel together. */
  async #release(entry: Entry, parents: readonly Entry[]): Promise<void> {
    await Promise.allSettled(parents.map((parent) => parent.result()));
    this.#released.push(entry);
    if (this.#released.length > 1) return;
    await new Promise<void>(atEndOfTurn);
    await this.write(this.#released.splice(0));
  }

  #begin(work: Promise<void>): void {
    this.#background.add(work);
    work.finally(() => this.#background.delete(work));
  }
}
