/** Entries → a transaction that the library opens for them, or one each. */
import type { FlushContext } from '../context.ts';
import { attempt } from '../flush/flush.ts';
import type { ReportBuilder } from '../report.ts';
import type { Failures, Refusal } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import { batchLockTimeout } from './batch-lock-timeout.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { OwnTransaction } from './own-transaction.ts';

/** An entry that is not sent with the others, but told among them. */
export interface Culprit {
  readonly entry: Entry;
  /** Rejects it, if its error is certain. */
  conclude(): void;
}

export class OwnAttempts {
  constructor(
    readonly context: FlushContext,
    readonly report: ReportBuilder,
    readonly failures: Failures,
  ) {}

  /** @returns why entries were not written; they are not settled then */
  async attempt(entries: readonly Entry[], lockTimeout: string | undefined): Promise<Refusal | undefined> {
    const target = new OwnTransaction(this.context, lockTimeout, this.failures, entries.length > 1);
    const refusal = await attempt(this.context, entries, target, this.report, this.failures);
    await target.close();
    const isUnbegun = refusal && target.connection?.hasBegun === false;
    const { driver, engine } = this.context;
    return isUnbegun && engine.noteUnbegun(refusal.error, driver.errors)
      ? { ...refusal, mustGoApart: true }
      : refusal;
  }

  /** In call order, since it is not proved that the entries do not see one another. The culprit is concluded in its place. */
  async tryInTurn(entries: readonly Entry[], culprit: Culprit | undefined): Promise<Entry[]> {
    const left: Entry[] = [];
    for (const entry of entries) {
      if (culprit && culprit.entry.call < entry.call) culprit.conclude();
      left.push(...(await this.#tryOne(entry)));
    }
    return left;
  }

  /** @returns the entry, if it would have to wait for a lock and block others; else none */
  async #tryOne(entry: Entry): Promise<Entry[]> {
    const refusal = await this.attempt([entry], batchLockTimeout);
    if (refusal?.mustGoApart) return [entry];
    if (refusal && classifyRefusal(refusal, this.context.driver.errors) === 'retryAlone') return [entry];
    if (refusal) this.failures.rejectAll([entry], refusal);
    return [];
  }
}

/** Nothing can be sent in a pipeline of transactions: the client is shared, or the engine takes or knows too little. */
export function mustBeAlone({ engine, driver }: FlushContext): boolean {
  const isAlone = engine.takesTransactions === false || driver.isShared;
  return isAlone || engine.refusesCatalog || engine.refusesSettings;
}
