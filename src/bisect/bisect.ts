/** A batch of the database → each entry written or rejected by itself. */
import type { FlushContext } from '../context.ts';
import { noteOwn } from '../flush/note-plan.ts';
import type { ReportBuilder } from '../report.ts';
import { Failures, type Refusal } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import { batchLockTimeout } from './batch-lock-timeout.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { haltableToken } from './halt-ahead.ts';
import { HeldAnswers } from './held-answers.ts';
import { HeldBack } from './held-back.ts';
import { asksNothing, byTable, callsAhead, inTurn, isWritten, runsOf } from './in-turn.ts';
import { type Culprit, mustBeAlone, OwnAttempts } from './own-attempts.ts';
import { JoinedTransaction } from './own-transaction.ts';
import { sendPipelinedTransactions } from './pipeline.ts';
import { isOfValues, isReadOnly } from './refused-part.ts';
import { writePipelinedTransactions } from './write-pipeline.ts';

/** At most so many inserts are sent as a transaction each, in one pipeline. More are split in halves again. */
const fewEnough = 64;

/** Facts of a pipeline are learned anew so often at most. */
const mostRelearned = 2;

interface PipelineOptions {
  /** The entries see one another, and none may overtake those of the calls before. */
  readonly isOrdered?: boolean;
  readonly culprit?: Culprit;
}

export class Batch {
  /** Writes that the rest of the batch must not wait for: another entry of the batch may hold their locks. */
  readonly #background = new Set<Promise<void>>();
  readonly #heldBack = new HeldBack(
    (entries) => this.write(entries),
    (work) => this.#begin(work),
  );
  readonly #answers = new HeldAnswers();
  readonly #own: OwnAttempts;
  readonly failures: Failures;

  constructor(
    readonly context: FlushContext,
    readonly report: ReportBuilder,
  ) {
    this.failures = new Failures(true, context.driver, this.#answers);
    this.#own = new OwnAttempts(context, report, this.failures);
  }

  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /**
   * Writes a batch as one transaction. If the server rolls it back, its halves are sent again, until few
   * entries are left. Those are sent as a transaction each, so that only the failing entries reject. Never
   * rejects itself.
   */
  async write(given: readonly Entry[]): Promise<void> {
    const entries = this.#heldBack.holdBack(given, new Set(given));
    if (entries.length === 0) return;
    const isJoined = entries.length > 1 && this.context.driver.isJoined?.();
    if (isJoined && (await isJoined)) return this.#writeJoined(entries);
    const refusal = await this.#own.attempt(entries, entries.length > 1 ? batchLockTimeout : undefined);
    if (!refusal) return;
    const open = entries.filter(({ outcome }) => !outcome);
    if (refusal.error instanceof JoinedTransaction) return this.#writeJoined(open);
    if (refusal.mustGoApart) return this.writeApart(open);
    const kind = classifyRefusal(refusal, this.context.driver.errors);
    if (kind === 'retryAlone' && entries.length > 1) this.#writeAlone(open);
    else if (kind === 'split' && open.length > fewEnough) await this.#halve(open);
    else if (kind === 'split' && open.length > 1) await this.#writeFew(open, refusal);
    else if (isReadOnly(refusal)) await this.#writeByTable(open, refusal);
    else this.failures.rejectAll(open, refusal);
  }

  /** All entries of a table fare alike, and the refusal has no values of theirs. */
  async #writeByTable(entries: readonly Entry[], refusal: Refusal): Promise<void> {
    const groups = byTable(entries);
    for (const group of groups) {
      if (groups.length > 1) await this.write(group);
      else for (const entry of group) this.failures.rejectAll([entry], refusal);
    }
  }

  /** The halves are written in call order, one after the other. */
  async #halve(entries: readonly Entry[]): Promise<void> {
    const middle = Math.ceil(entries.length / 2);
    await this.write(entries.slice(0, middle));
    await this.write(entries.slice(middle));
  }

  /**
   * The culprit has seen the rows of just those calls that precede its own. If these are written, it would be refused alone,
   * too, and is not sent again.
   */
  async #writeFew(entries: readonly Entry[], refusal: Refusal): Promise<void> {
    const { culprit } = refusal;
    const before = culprit && isOfValues(refusal) ? callsAhead(entries, culprit, refusal) : undefined;
    if (!culprit || !before) return this.#writePipelined(entries);
    const conclude = () => {
      if (before.every(isWritten)) this.failures.rejectAll([culprit], { error: refusal.error });
    };
    conclude();
    const others = entries.filter((entry) => entry !== culprit);
    await this.#writePipelined(others, culprit.outcome ? {} : { culprit: { entry: culprit, conclude } });
    if (!culprit.outcome) this.#begin(this.#concludeCulprit(culprit, before, conclude));
  }

  async #concludeCulprit(culprit: Entry, before: readonly Entry[], conclude: () => void): Promise<void> {
    await Promise.allSettled(before.map((entry) => entry.result()));
    conclude();
    if (!culprit.outcome) await this.write([culprit]);
  }

  /** Entries of which it is not proved that they may share a transaction. */
  async writeApart(entries: readonly Entry[]): Promise<void> {
    // All go on one connection, and one that asks the catalog first would be overtaken by those behind it.
    if (this.context.driver.isShared && !entries.every(asksNothing)) return this.#writeJoined(entries);
    if (mustBeAlone(this.context)) return this.#writeAlone(entries);
    for (let rest = entries; rest.length > 0; ) {
      const { now, later } = inTurn(rest);
      await this.#writePipelined(now, { isOrdered: true });
      rest = later;
    }
  }

  /** Each entry as a transaction, all in one pipeline. Entries whose facts are outdated are sent again. */
  async #writePipelined(given: readonly Entry[], options: PipelineOptions = {}): Promise<void> {
    let isOver!: () => void;
    const over = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    let rest = this.#heldBack.holdBack(given, undefined, over);
    try {
      for (let tries = 0; rest.length > 0; tries++)
        rest = await this.#tryPipelined(rest, options, tries < mostRelearned);
    } finally {
      isOver();
    }
  }

  /** @returns entries whose facts are outdated, and those behind that are not sent yet; none at the last try */
  async #tryPipelined(
    entries: readonly Entry[],
    { isOrdered, culprit }: PipelineOptions,
    mayRelearn: boolean,
  ): Promise<readonly Entry[]> {
    const { context, report, failures } = this;
    const token = isOrdered ? haltableToken(entries) : undefined;
    const transactions = await writePipelinedTransactions(context, entries, token, report, failures);
    if (!transactions) {
      this.#writeAlone(entries);
      return [];
    }
    noteOwn(context, entries, 'apart', report);
    // In call order. Only adjacent transactions that fit into a pipeline share one.
    const runs = runsOf(transactions);
    for (const [index, run] of runs.entries()) {
      const send = () => sendPipelinedTransactions(context, run, token, report, failures);
      const ofRun = run.map(({ entry }) => entry);
      const { alone, outdated, isJoined } = !run[0]?.fitsPipeline
        ? { alone: await this.#own.tryInTurn(ofRun, culprit), outdated: [], isJoined: false }
        : culprit
          ? await this.#answers.during([culprit.entry, ...ofRun], send, culprit.conclude)
          : await send();
      if (isJoined) await this.#writeJoined(ofRun);
      this.#writeAlone(mayRelearn ? alone : [...alone, ...outdated]);
      if (outdated.length === 0 || !mayRelearn) continue;
      return [...outdated, ...runs.slice(index + 1).flatMap((behind) => behind.map(({ entry }) => entry))];
    }
    return [];
  }

  /** One after the other as in drizzle: in the program's own transaction those behind the first that fails get 25P02. */
  async #writeJoined(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries)
      for (const each of this.#heldBack.holdBack([entry])) await this.#writeOne(each);
  }

  /** Each entry on a connection of its own, so that it may wait for its lock. */
  #writeAlone(given: readonly Entry[]): void {
    for (const entry of this.#heldBack.holdBack(given)) this.#begin(this.#writeOne(entry));
  }

  async #writeOne(entry: Entry): Promise<void> {
    const refusal = await this.#own.attempt([entry], undefined);
    if (!refusal) return;
    this.context.engine.noteAlone(refusal.error, this.context.driver.errors);
    this.failures.rejectAll([entry], refusal);
  }

  #begin(work: Promise<void>): void {
    this.#background.add(work);
    work.finally(() => this.#background.delete(work));
  }
}
