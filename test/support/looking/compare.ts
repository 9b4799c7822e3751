import { driver } from '../drivers/chosen.ts';
import { classOf, codeOf, fieldsOf, type Outcome } from '../trace.ts';
import { Likeness } from './likeness.ts';
import { printDifference } from './print-difference.ts';
import type { Contents } from './read-tables.ts';
import { NoParent, type Seen, type Trace } from './run.ts';

/** What differs, as the test prints it. */
export interface Difference {
  readonly at: string;
  readonly plain: readonly string[];
  readonly ours: readonly string[];
}

export interface Ran {
  readonly trace: Trace;
  readonly contents: Contents;
  readonly notified: readonly string[];
}

/** All differences between two runs of a program that are not allowed. */
export function compareRuns(plain: Ran, ours: Ran): Difference[] {
  if ([...plain.trace.values()].some(hasNoParent)) return [];
  const hasFailed = [...plain.trace.values()].some(({ outcome }) => 'error' in outcome);
  const likeness = new Likeness(!hasFailed);
  const differences: Difference[] = [];
  const compare = (at: string, a: unknown, b: unknown, isSame: boolean) => {
    if (!isSame) differences.push({ at, ...printDifference(a, b) });
  };

  for (const at of new Set([...plain.trace.keys(), ...ours.trace.keys()])) {
    const [expected, seen] = [plain.trace.get(at), ours.trace.get(at)];
    const isSame = expected && seen && isAllowed(expected, seen, plain.trace, likeness);
    const name = `${at} ${(expected ?? seen)?.what}`;
    compare(name, describe(expected?.outcome), describe(seen?.outcome), isSame === true);
  }
  for (const [table, rows] of Object.entries(plain.contents)) {
    const given = ours.contents[table] ?? [];
    compare(table, rows, given, likeness.alike(rows, given));
  }
  const [times, others] = [timesOf(plain.contents), timesOf(ours.contents)];
  compare('order of times', times, others, haveSameOrder(times, others));
  compare('notifications', plain.notified, ours.notified, likeness.alike(plain.notified, ours.notified));
  return differences;
}

/**
 * If a member of a group fails inside a transaction, all members of the group may reject (docs/contract.md, 3
 * and 6). In plain drizzle the members before it have resolved, and those after it get 25P02.
 */
function isAllowed(plain: Seen, ours: Seen, trace: Trace, likeness: Likeness): boolean {
  const [expected, given] = [plain.outcome, ours.outcome];
  if ('value' in expected && 'value' in given) return likeness.alike(expected.value, given.value);
  if (!('error' in given)) return false;
  const failures = failuresOf(trace);
  // Ours was sent behind its parent, and the transaction was aborted by then.
  if (plain.isOrphan) return isAnyOf(given.error, [...failures, '25P02']);
  if ('error' in expected) {
    return isSameError(expected.error, given.error) || isAfterFailure(expected.error, given.error, failures);
  }
  if (!plain.group) return false;
  const own = [...trace.values()].filter(({ group }) => group === plain.group);
  const codes = own.flatMap(({ outcome }) => ('error' in outcome ? [codeOf(outcome.error)] : []));
  return codes.length > 0 && isAnyOf(given.error, codes);
}

const hasNoParent = ({ outcome }: Seen): boolean => 'error' in outcome && outcome.error instanceof NoParent;

function failuresOf(trace: Trace): (string | undefined)[] {
  return [...trace.values()].flatMap(({ outcome }) => ('error' in outcome ? [codeOf(outcome.error)] : []));
}

/** What comes after the failure may name the failure instead of the aborted transaction. */
function isAfterFailure(plain: unknown, ours: unknown, codes: readonly (string | undefined)[]): boolean {
  return codeOf(plain) === '25P02' && isAnyOf(ours, codes);
}

const isAnyOf = (error: unknown, codes: readonly (string | undefined)[]): boolean =>
  codeOf(error) !== undefined && codes.includes(codeOf(error));

function isSameError(plain: unknown, ours: unknown): boolean {
  return JSON.stringify(describeError(plain)) === JSON.stringify(describeError(ours));
}

/** The class of an error, and the database's answer without numbers and times that differ between any two runs. */
function describeError(error: unknown): object {
  const cause = databaseError(error);
  if (!cause) return { class: classOf(error), message: (error as Error).message };
  const { code, message, detail } = cause;
  const said = [message, detail].map((text) => text?.replaceAll(/\d{4}-\d\d-\d\d [\d:.+-]+|\d{7,}/g, '#'));
  return { class: classOf(error), code, said, ...fieldsOf(cause, ...driver.errorFields) };
}

function databaseError(error: unknown): (Error & { code: string; detail?: string }) | undefined {
  if (error instanceof driver.DatabaseError) return error;
  return error instanceof Error ? databaseError(error.cause) : undefined;
}

function describe(outcome: Outcome | undefined): unknown {
  if (!outcome) return 'nothing';
  if ('error' in outcome) return describeError(outcome.error);
  const value = driver.comparable(outcome.value);
  return Array.isArray(value) ? [...value] : value;
}

const timesOf = (contents: Contents): number[] =>
  Object.values(contents).flatMap((rows) => rows.flatMap(({ at }) => (typeof at === 'number' ? [at] : [])));

/** Whether no two times are in one order there and in the other here. Equal times have no order. */
function haveSameOrder(plain: readonly number[], ours: readonly number[]): boolean {
  return plain.every((one, i) =>
    plain.every((other, j) => {
      const [there, here] = [other - one, (ours[j] ?? 0) - (ours[i] ?? 0)];
      return i >= j || ours.length !== plain.length || there * here >= 0;
    }),
  );
}
