/** Entries that must not share a transaction → one each, all in one round trip, where a refused one takes no other with it. */
import type { FlushContext } from '../context.ts';
import type { Driver } from '../driver/driver.ts';
import { command } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import { FactsScope } from '../facts/facts-scope.ts';
import { learnFacts } from '../facts/learn-facts.ts';
import { ReportBuilder } from '../report.ts';
import { askLogged, logInserts } from '../send/send-logged.ts';
import type { Failures } from '../settle/failures.ts';
import type { Entry } from '../take/entry.ts';
import { batchLockTimeout, boundByStatement } from '../write/lock-timeout.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { OwnAttempts } from './own-attempts.ts';

export class Together {
  /** @param together the driver's way */
  constructor(
    readonly together: NonNullable<Driver['together']>,
    readonly context: FlushContext,
    readonly report: ReportBuilder,
    readonly failures: Failures,
  ) {}

  /** @returns entries that would have to wait for a lock, and block others */
  async write(entries: readonly Entry[]): Promise<Entry[]> {
    const { context } = this;
    const bound = command(boundByStatement(batchLockTimeout, context.options.keys === 'server'));
    const send = this.together(bound);
    const reports: ReportBuilder[] = [];
    const beside = (): [ReportBuilder, Driver['run']] => {
      const report = new ReportBuilder();
      reports.push(report);
      const run: Driver['run'] = (statement) => {
        logInserts(context, [bound]);
        report.statements += 1;
        return send(statement);
      };
      return [report, run];
    };
    const tries = entries.map((entry) => this.#tryOne(entry, ...beside()));
    // Behind the entries, so that none of them waits for it.
    const learned = this.#learn(entries, ...beside());
    const left = await Promise.all(tries);
    await learned;
    this.report.add(reports);
    return left.flat();
  }

  async #tryOne(entry: Entry, report: ReportBuilder, run: Driver['run']): Promise<Entry[]> {
    const { context, failures } = this;
    const refusal = await new OwnAttempts(context, report, failures).attempt([entry], undefined, run);
    if (!refusal) return [];
    if (classifyRefusal(refusal, context.driver.errors) === 'retryAlone') return [entry];
    failures.rejectAll([entry], refusal);
    return [];
  }

  /** So that the next entries of these tables may share a transaction. */
  async #learn(entries: readonly Entry[], report: ReportBuilder, run: Driver['run']): Promise<void> {
    const { context } = this;
    const shapes = entries.map(({ shape }) => shape);
    try {
      await learnFacts(context.facts, new FactsScope(), shapes, (query) =>
        askLogged(context, run, true, report, query),
      );
    } catch (error) {
      // The entries need no facts.
      context.engine.noteRefusal(asError(error), context.driver.errors);
    }
  }
}
