/** Entries of the database → each written or failed by itself, as if its insert had been sent alone. */
import type { Entry } from './entry.ts';
import { fateOf } from './fate.ts';
import { attempt, type FlushContext, type FlushFailure, type Refusal } from './flush.ts';
import { OwnTransaction } from './own-transaction.ts';
import type { ReportBuilder } from './report.ts';
import { Failures } from './settle.ts';
import { type Single, sendSingles, writeSingles } from './singles.ts';

/** So many inserts are sent one by one, in one pipeline, rather than split once more. */
const fewEnough = 64;

/**
 * Writes a batch as one transaction. Where the server answers that it rolled back, halves of it are sent again until few
 * are left, and those as a transaction each: only the culprits reject. Never rejects itself.
 */
export async function flushEach(
  context: FlushContext,
  entries: readonly Entry[],
  report: ReportBuilder,
): Promise<FlushFailure | undefined> {
  const failures = new Failures(true, context.driver.serialize.bind(context.driver));
  const batch = new Batch(context, report, failures);
  await batch.write(entries);
  return failures.toFailure();
}

class Batch {
  constructor(
    readonly context: FlushContext,
    readonly report: ReportBuilder,
    readonly failures: Failures,
  ) {}

  async write(entries: readonly Entry[]): Promise<void> {
    const refusal = await this.#attempt(entries, entries.length > 1);
    if (!refusal) return;
    const open = entries.filter(({ outcome }) => !outcome);
    const fate = refusal.isUnknown ? 'unknown' : fateOf(refusal.error);
    if (fate === 'contended' && entries.length > 1) await this.#writeAlone(open);
    else if (fate === 'refused' && open.length > fewEnough) await this.#halve(open);
    else if (fate === 'refused' && open.length > 1) await this.#writeSingly(open);
    else this.failures.rejectAll(open, refusal);
  }

  async #halve(entries: readonly Entry[]): Promise<void> {
    const middle = Math.ceil(entries.length / 2);
    // In turn: what the second half refers to is in the first.
    await this.write(entries.slice(0, middle));
    await this.write(entries.slice(middle));
  }

  /** As a transaction each, in one pipeline; those that refer to others behind them. */
  async #writeSingly(entries: readonly Entry[]): Promise<void> {
    const { context, report, failures } = this;
    for (const wave of wavesOf(entries)) {
      // In call order, as far as not every one of them fits into a pipeline.
      for (const run of runsOf(await writeSingles(context, wave, report, failures))) {
        const isPipelined = run[0]?.isPipelined;
        const left = isPipelined ? await sendSingles(context, run, report, failures) : entriesOf(run);
        await this.#writeAlone(left);
      }
    }
  }

  /** On connections of their own, so that each may wait for its lock; those that refer to others behind them. */
  async #writeAlone(entries: readonly Entry[]): Promise<void> {
    for (const wave of wavesOf(entries)) {
      await Promise.all(
        wave.map(async (entry) => {
          const refusal = await this.#attempt([entry], false);
          if (refusal) this.failures.rejectAll([entry], refusal);
        }),
      );
    }
  }

  async #attempt(entries: readonly Entry[], isBounded: boolean): Promise<Refusal | undefined> {
    const target = new OwnTransaction(this.context, isBounded);
    const refusal = await attempt(this.context, entries, target, this.report, this.failures);
    await target.close();
    return refusal;
  }
}

/** Neighbours that travel alike. */
function runsOf(singles: readonly Single[]): Single[][] {
  const runs: Single[][] = [];
  for (const single of singles) {
    const run = runs.at(-1);
    if (run?.[0]?.isPipelined === single.isPipelined) run.push(single);
    else runs.push([single]);
  }
  return runs;
}

function entriesOf(singles: readonly Single[]): Entry[] {
  return singles.map(({ entry }) => entry);
}

/** Entries by how deep they refer to one another: a wave refers only to what stands in waves before it. */
function wavesOf(entries: readonly Entry[]): Entry[][] {
  const depths = new Map<Entry, number>(entries.map((entry) => [entry, 0]));
  const depthOf = (entry: Entry): number => {
    const parents = entry.references
      .map(({ origin }) => origin.entry)
      .filter((parent) => parent !== entry && depths.has(parent));
    return parents.reduce((depth, parent) => Math.max(depth, depthOf(parent) + 1), 0);
  };
  const waves: Entry[][] = [];
  for (const entry of entries) {
    const depth = depthOf(entry);
    waves[depth] ??= [];
    waves[depth].push(entry);
  }
  return waves.filter(Boolean);
}
