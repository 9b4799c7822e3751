/** One entry → the statements of a transaction of its own, and how their answers are read. */
import type { FlushContext } from '../context.ts';
import { command, EagerStatement, type Statement } from '../driver/statement.ts';
import { asError } from '../errors.ts';
import type { FactsByTable } from '../facts/learn-facts.ts';
import { mostOwnParams, planOwn } from '../plan/own-plan.ts';
import { planEntries } from '../plan/plan-entries.ts';
import { isProved, unproved } from '../plan/proof.ts';
import type { ReportBuilder } from '../report.ts';
import type { FlightAnswers } from '../send/send-flight.ts';
import { isLogging } from '../send/send-logged.ts';
import { isRolledBack } from '../send/transaction-commands.ts';
import type { Failures } from '../settle/failures.ts';
import { keysAnswered } from '../settle/keys-answered.ts';
import { type Flight, readFlight } from '../settle/read-flight.ts';
import { readOwnFlight } from '../settle/read-own-flight.ts';
import type { Entry } from '../take/entry.ts';
import { hasKeys } from '../take/key-run.ts';
import { type KeyQueryInput, keyQuery } from '../write/key-query.ts';
import { writeOwnFlight } from '../write/own-flight.ts';
import { comparedFacts, makeToken, writeInserts, writeKeyQuery } from '../write/write-flight.ts';
import { batchLockTimeout } from './batch-lock-timeout.ts';

export interface WrittenTransaction {
  readonly statements: readonly Statement[];
  /** The tables that the transaction compares: if they have changed, it writes nothing. */
  readonly compared: KeyQueryInput['facts'];
  readonly read: (flight: FlightAnswers) => Flight;
}

/** Its statements are a query that takes keys or marks the transaction, the INSERTs, and the check ahead of COMMIT. */
export interface PipelinedTransaction extends WrittenTransaction {
  readonly entry: Entry;
  /** It can share a pipeline: no statement has to wait for an answer before it is sent, and COMMIT does not fail. */
  readonly fitsPipeline: boolean;
}

export interface TransactionWriting {
  readonly facts: FactsByTable;
  /** The token of its pipeline, if the pipeline may be halted. */
  readonly pipeline: string | undefined;
  readonly report: ReportBuilder;
}

const checkConstraints = command('set constraints all immediate');

/** @returns `undefined` if the entry needs facts, has keys, or may not be guarded in RETURNING */
export function writeOwnTransaction(
  context: FlushContext,
  entry: Entry,
  { facts, pipeline, report }: TransactionWriting,
): WrittenTransaction | undefined {
  const { driver, options, engine } = context;
  if (hasKeys(entry.allotted) || engine.refusesSettings || !facts.get(entry.shape.table)?.guardable)
    return undefined;
  const plan = planOwn([entry], {
    values: driver.values,
    settings: Number.POSITIVE_INFINITY,
    mayAsk: () => false,
    mayBeNamed: () => false,
    isSizeFree: true,
    isSeeking: false,
    mostParams: mostOwnParams,
    copyRows: options.copyRows,
    maxRows: options.maxRows,
  });
  if (!plan) return undefined;
  // Marks the transaction for the guard of the statement, and bounds its wait for locks.
  const mark = keyQuery({ lists: [], facts: [], token: '1', pipeline, lockTimeout: batchLockTimeout });
  const flight = writeOwnFlight(plan, driver.values, { isGuarded: true, isLogged: isLogging(context) });
  const read = (answers: FlightAnswers) => readOwnFlight(context, flight, answers, report);
  return { statements: [mark, ...flight.statements], compared: [], read };
}

/** @returns `undefined` if the entry can't be sent; it is rejected then */
export function writePlannedTransaction(
  context: FlushContext,
  entry: Entry,
  { facts, pipeline, report }: TransactionWriting,
  failures: Failures,
): WrittenTransaction | undefined {
  const known = isProved([entry], facts) ? facts : unproved(facts);
  const { plan, rejected } = planEntries(context, [entry], known, 'own');
  failures.rejectEach(rejected);
  if (rejected.size > 0) return undefined;
  const token = makeToken();
  const query = new EagerStatement(writeKeyQuery(plan, { token, pipeline, lockTimeout: batchLockTimeout }));
  const keysKnown = plan.lists.length > 0 ? keysAnswered(plan, query) : undefined;
  const inserts = writeInserts(context, plan, { token, locked: new Set(), keysKnown });
  const read = (answers: FlightAnswers) =>
    readFlight(context, plan, inserts, answers, { isQueried: true, report });
  return { statements: [query, ...inserts.statements], compared: comparedFacts(plan), read };
}

/**
 * The same with deferred constraints checked ahead of COMMIT. A COMMIT that is refused ends the transaction and begins no
 * other one, and then those behind it in the pipeline would be lost.
 */
export function checkedAhead({ statements, compared, read }: WrittenTransaction): WrittenTransaction {
  return {
    statements: [...statements, checkConstraints],
    compared,
    read: (flight) => {
      const checked = flight.answers.at(-1);
      const isCause = checked?.status === 'rejected' && isRolledBack(flight.commitError);
      const commitError = isCause ? asError(checked.reason) : flight.commitError;
      return read({ ...flight, answers: flight.answers.slice(0, -1), commitError });
    },
  };
}
