/** Failed entries → rejected promises, and the error of the flush. */

import type { Driver } from '../driver/driver.ts';
import { endsSession, isAnswer } from '../driver/errors.ts';
import { asError, codeOf, ThrownByLogger } from '../errors.ts';
import type { Entry } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import type { Tell } from '../take/promised.ts';
import { findFailedRow, suspectsOf } from './failed-row.ts';
import { FlushError, type TableFailure } from './flush-error.ts';
import { withoutMessage } from './refused-in-shared.ts';

/** The error of a flush that could not write everything. Its entries have been settled. */
export interface FlushFailure {
  /** The error for callers that wait for the flush. */
  readonly error: Error;
  /** The driver's error, for callers that wait for the transaction. */
  readonly cause: Error;
  /** A logger threw, and nothing was sent of the inserts that were not written: the transaction can go on. */
  readonly isUnsent?: boolean;
  /** Everything was written, and COMMIT failed. */
  readonly isOfCommit?: boolean;
}

/** The error of entries that were not written, or perhaps not. They are not settled. */
export interface Refusal {
  readonly error: Error;
  /** The entry whose statement was refused, if the statement had only its rows. */
  readonly culprit?: Entry | undefined;
  /** The entries whose statements were executed before, if that of the culprit is as it would be alone. */
  readonly ahead?: readonly Entry[] | undefined;
  /** The connection broke while COMMIT was on its way. */
  readonly isUnknown?: boolean | undefined;
  /** Everything was written, and COMMIT failed. */
  readonly isOfCommit?: boolean;
  /** Nothing was written: each entry must be a transaction of its own. */
  readonly mustGoApart?: boolean;
}

interface Telling {
  readonly failLate?: ((error: Error) => void) | undefined;
  readonly tell?: Tell | undefined;
}

/** Rejects entries, and collects the errors of a flush. */
export class Failures {
  readonly #tables = new Map<string, { table: string; rows: number; code: string | undefined }>();
  #first: Error | undefined;
  #culprit: Entry | undefined;
  #thrown: Error | undefined;
  /** The error of an entry that its caller does not await any more. Whatever waited for the flush is told of it. */
  #unheard: Error | undefined;
  #isUnknown = false;
  #isOfCommit = false;

  /**
   * @param isShared the entries may belong to callers that must not see each other's values
   * @param telling `failLate` is told of the error of entries whose callers have had their answers, before any entry is
   *   rejected. `tell` tells the others in their turn, by default at once
   */
  constructor(
    readonly isShared: boolean,
    readonly driver: Pick<Driver, 'errors' | 'values'>,
    private readonly telling: Telling = {},
  ) {}

  /** How the callers of this flush are told. */
  get tell(): Tell | undefined {
    return this.telling.tell;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Rejects each entry with its own error. */
  rejectEach(rejected: ReadonlyMap<Entry, Error>): void {
    for (const [entry, error] of rejected) {
      entry.conclude({ error: this.#unheard ?? error }, this.tell);
      const cause = asError(error.cause ?? error);
      this.#note(entry, this.isShared ? withoutMessage(cause) : cause);
    }
  }

  /**
   * Rejects all entries that are not settled.
   *
   * Each error has the entry's own statement. An entry that fails because of another one gets the code and
   * the table, but no values of it.
   */
  rejectAll(
    entries: readonly Entry[],
    { error, culprit, isUnknown = false, isOfCommit = false }: Refusal,
  ): void {
    const open = entries.filter(({ outcome }) => !outcome);
    if (error instanceof ThrownByLogger) {
      this.#thrown ??= asError(error.thrown);
      if (open.some(isTold)) this.telling.failLate?.(this.#thrown);
      // A falsy value would pass for success.
      const thrown = (error.thrown || asError(error.thrown)) as Error;
      for (const entry of open) entry.conclude({ error: thrown }, this.tell);
      return;
    }
    this.#isUnknown ||= isUnknown;
    this.#isOfCommit ||= isOfCommit;
    // If all entries are settled already, their transaction itself has failed.
    if (open.length === 0) this.#first ??= error;
    const { errors, values } = this.driver;
    this.#culprit ??= culprit;
    // What failed before the flight is heard already.
    const isUnheard = codeOf(error) !== '25P02' && (culprit ? isTold(culprit) : open.some(isTold));
    if (culprit && isUnheard) this.#unheard = this.#ofCulprit(error, culprit);
    if (culprit) this.#first ??= this.#unheard ?? this.#withStatement(error, culprit);
    if (isUnheard) this.telling.failLate?.(this.#unheard ?? error);
    const isLone = entries.length === 1 || (isOfCommit && !this.isShared);
    const suspects = new Set(culprit ? [culprit] : isLone ? open : this.#suspects(open, error));
    const others = open.every((entry) => suspects.has(entry)) ? error : this.#withoutValues(error);
    for (const entry of open) {
      const own = this.#withStatement(suspects.has(entry) ? error : others, entry);
      const row = findFailedRow(entry, own, values.serialize);
      const failure = this.#unheard ?? new BatchedInsertError(ownInsert(entry), own, { row, isUnknown });
      entry.conclude({ error: failure }, this.tell);
      this.#note(entry, errors.withoutStatement(error));
    }
  }

  /** The entries whose error it may be, and who may see it. */
  #suspects(entries: readonly Entry[], error: Error): readonly Entry[] {
    const { errors, values } = this.driver;
    return this.isShared ? [] : suspectsOf(entries, error, errors, values.serialize);
  }

  #ofCulprit(error: Error, culprit: Entry): Error {
    const own = this.#withStatement(error, culprit);
    const row = findFailedRow(culprit, own, this.driver.values.serialize);
    return new BatchedInsertError(ownInsert(culprit), own, { row });
  }

  #withStatement(error: Error, entry: Entry): Error {
    const { errors, values } = this.driver;
    return errors.withStatement(error, ownInsert(entry).describe, values.serialize);
  }

  /**
   * The database's error with code, table and constraint. Its message is dropped, because it may hold another
   * caller's values. What ends a session, or refuses one, is no insert's fault and holds none.
   */
  #withoutValues(error: Error): Error {
    const { errors } = this.driver;
    if (!isAnswer(errors, error) || endsSession(error)) return error;
    const table = errors.tableOf(error);
    const where = table === undefined ? '' : ` on table "${table}"`;
    return errors.withoutValues(error, `an insert of the same batch failed with ${codeOf(error)}${where}`);
  }

  /** The error of the flush, if an entry failed. */
  toFailure(): FlushFailure | undefined {
    const cause = this.#first;
    if (!cause) return this.#thrown && { error: this.#thrown, cause: this.#thrown, isUnsent: true };
    const shown = this.isShared ? this.#withoutValues(cause) : cause;
    const tables: TableFailure[] = [...this.#tables.values()];
    const culprit = this.isShared ? undefined : this.#culprit;
    const isOfCommit = this.#isOfCommit;
    if (tables.length === 0) return { error: cause, cause, isOfCommit };
    const options = { isUnknown: this.#isUnknown, culprit: culprit && ownInsert(culprit) };
    return { error: new FlushError(tables, shown, options), cause, isOfCommit };
  }

  #note(entry: Entry, cause: Error): void {
    this.#first ??= cause;
    const code = codeOf(cause);
    const table = entry.shape.name;
    const key = `${table} ${code}`;
    const counted = this.#tables.get(key) ?? { table, rows: 0, code };
    this.#tables.set(key, counted);
    counted.rows += entry.count;
  }
}

function isTold({ late }: Entry): boolean {
  return late?.isTold === true;
}
