import { BatchedDrizzleError, FlushError } from '../../src/index.ts';
import { driver } from './drivers/chosen.ts';
import { Likeness, resultProperties } from './likeness.ts';
import type { TableName } from './program-rows.ts';
import type { Contents } from './program-tables.ts';
import { Enough } from './run-program.ts';
import {
  classOf,
  codeOf,
  describeError,
  type Outcome,
  type ScopeTrace,
  type Seen,
  type Trace,
} from './trace.ts';

export interface Difference {
  readonly at: string;
  readonly plain: unknown;
  readonly ours: unknown;
}

export interface Ran {
  readonly trace: Trace;
  readonly contents: Contents;
}

/**
 * All differences between two runs of a program that are not allowed.
 *
 * @param isQueued ours has resolved awaited inserts when they were queued
 */
export function compareRuns(plain: Ran, ours: Ran, isQueued = false): Difference[] {
  const hasFailed = [...plain.trace.values()].some(({ outcome }) => 'error' in outcome);
  // Keys that are left in a block are gaps.
  const likeness = new Likeness(!hasFailed && !isQueued);
  const isAllowed = isQueued ? isAllowedQueued : isAllowedWritten;
  const differences: Difference[] = [];
  for (const [at, expected] of plain.trace) {
    const seen = ours.trace.get(at);
    if (!(seen ? isAllowed(expected, seen, likeness, at) : mayBeMissing(expected)))
      differences.push({ at, plain: describe(expected.outcome), ours: seen && describe(seen.outcome) });
  }
  const failed = [...plain.trace.values()].flatMap(({ scope, inner }) => [
    ...scope.chain,
    ...(inner ? [inner] : []),
  ]);
  for (const [at, { awaitedAt = at, outcome }] of ours.trace) {
    const isBehind = isQueued && failed.some((scope) => isAtOrBehind(awaitedAt, scope));
    if (!plain.trace.has(at) && !isBehind)
      differences.push({ at, plain: undefined, ours: describe(outcome) });
  }
  for (const [table, rows] of Object.entries(plain.contents)) {
    const others = ours.contents[table as TableName];
    if (!likeness.alike(rows, others, table as TableName))
      differences.push({ at: table, plain: rows, ours: others });
  }
  return differences;
}

function describe(outcome: Outcome): unknown {
  if ('error' in outcome) return describeError(outcome.error);
  const value = driver.comparable(outcome.value);
  return Array.isArray(value) ? { rows: [...value], ...resultProperties(value) } : value;
}

/*
 * The differences that are allowed, with the section of docs/contract.md that allows them.
 *
 * An insert that is awaited before one that fails may hear of it, and end the callback earlier than in plain drizzle (allowed
 * by `mayBeMissing`, and by `isAllowedEnd` for the error of the transaction).
 *
 * A statement that refers to a row of a flight that failed rejects with a `BatchedDrizzleError` whose cause is the
 * failure (4). Plain drizzle knows the id, and gets 25P02.
 *
 * `flush()` reports failures, and has no counterpart in plain drizzle (6: `FlushError`).
 */

function isAllowedWritten(plain: Seen, ours: Seen, likeness: Likeness): boolean {
  const { scope, what } = plain;
  if (what === 'flush') {
    return 'value' in ours.outcome || (ours.outcome.error instanceof FlushError && hasFailedBefore(scope));
  }
  if (what === 'transaction') return isAllowedEnd(plain, ours, likeness);
  return isSame(plain, ours, likeness, scope);
}

/*
 * What else is allowed if awaited inserts resolve when they are queued (11): *where* the error of an insert is heard. From the
 * step on at which an insert failed in plain drizzle, an insert of ours that is awaited there may resolve, and the program
 * go on, until a statement, a savepoint or the end of the transaction waits for the rows. That one must fail, and with that error.
 */
function isAllowedQueued(plain: Seen, ours: Seen, likeness: Likeness, at: string): boolean {
  if (isAllowedWritten(plain, ours, likeness)) return true;
  const { scope, inner, what, awaitedAt = at } = plain;
  if (what === 'flush') return false;
  const broken = [...scope.chain, ...(inner ? [inner] : [])].filter((each) => isAtOrBehind(awaitedAt, each));
  if ('error' in ours.outcome) {
    const { error } = ours.outcome;
    const isHeard =
      isBadReference(error) || error instanceof Enough || isCodeAfterFailure(error, inner?.failed ?? scope);
    // An insert that was not awaited at once hears of a failure behind it.
    return isHeard && (broken.length > 0 || (what === 'insert' && hasFailedBefore(scope)));
  }
  return what === 'insert' && broken.length > 0;
}

/** Whether a step is the one at which the scope failed, or comes later in it; or is the scope itself. */
function isAtOrBehind(at: string, scope: ScopeTrace): boolean {
  const { failedAt, path } = scope;
  if (failedAt === undefined) return false;
  const steps = at === 'program' ? [] : at.split('.').map(Number);
  if (!path.every((place, index) => steps[index] === undefined || steps[index] === place)) return false;
  const step = steps[path.length];
  return step === undefined || step >= failedAt;
}

function isSame(plain: Seen, ours: Seen, likeness: Likeness, scope: ScopeTrace): boolean {
  const [expected, given] = [plain.outcome, ours.outcome];
  if ('value' in expected && 'value' in given) {
    const { table, unordered } = plain;
    const [a, b] = unordered ? [sorted(expected.value), sorted(given.value)] : [expected.value, given.value];
    return likeness.alike(a, b, table);
  }
  if (!('error' in expected && 'error' in given)) return false;
  if (codeOf(expected.error) === '25P02') {
    const hasSamePlan = classOf(given.error) === classOf(expected.error) || isBadReference(given.error);
    return hasSamePlan && isCodeAfterFailure(given.error, scope);
  }
  return likeness.alike(describeError(expected.error), describeError(given.error));
}

/** Whether the end of a transaction, a savepoint or the whole program is allowed. */
function isAllowedEnd(plain: Seen, ours: Seen, likeness: Likeness): boolean {
  const [inner, other] = [plain.inner, ours.inner];
  const failed = inner?.failed ?? plain.scope;
  if (inner?.ending !== other?.ending) {
    return (
      'error' in ours.outcome && hasFailedBefore(failed) && isCodeAfterFailure(ours.outcome.error, failed)
    );
  }
  const errors = [plain, ours].flatMap(({ outcome }) => ('error' in outcome ? [outcome.error] : []));
  const isOfFlight = errors.length === 2 && errors.every((error) => isCodeOfFlight(error, failed));
  return isSame(plain, ours, likeness, failed) || (isOfFlight && classOf(errors[0]) === classOf(errors[1]));
}

function mayBeMissing({ scope }: Seen): boolean {
  return hasFailedBefore(scope);
}

function hasFailedBefore(scope: ScopeTrace): boolean {
  return scope.chain.some(({ failure }) => failure !== undefined);
}

function isCodeOfFlight(error: unknown, { failure, codes }: ScopeTrace): boolean {
  const code = codeOf(error);
  if (code === undefined || !failure) return false;
  return code === failure.code || (codes.get(failure.flight)?.has(code) ?? false);
}

function isCodeAfterFailure(error: unknown, scope: ScopeTrace): boolean {
  return codeOf(error) === '25P02' || scope.chain.some((each) => isCodeOfFlight(error, each));
}

function isBadReference(error: unknown): boolean {
  return error instanceof BatchedDrizzleError && error.code === 'BAD_REFERENCE';
}

function sorted(rows: unknown): unknown {
  return Array.isArray(rows) && rows.length > 1 ? rows.toSorted(byKey) : rows;
}

function byKey(one: Record<string, unknown>, other: Record<string, unknown>): number {
  if (typeof one.id === 'number') return one.id - Number(other.id);
  const [a, b] = [one, other].map(({ kind, level, message, id }) =>
    JSON.stringify([kind ?? id, level, message]),
  );
  return String(a) < String(b) ? -1 : 1;
}
