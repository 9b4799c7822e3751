/** What became of a flush → the outcomes of its entries, which settle the callers' promises. */

import type { Driver } from '../driver/driver.ts';
import { isAnswer } from '../driver/errors.ts';
import { asError, codeOf, FlushError, type TableFailure } from '../errors.ts';
import type { Entry } from '../take/entry.ts';
import { BatchedInsertError, ownInsert } from '../take/insert-error.ts';
import { findFailedRow } from './failed-row.ts';

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

/** Rejects entries, and keeps in mind what a flush has to say of them. */
export class Failures {
  readonly #tables = new Map<string, { table: string; rows: number; code: string | undefined }>();
  #first: Error | undefined;
  #isUnknown = false;

  /** @param isShared the entries may belong to callers who must not learn of each other */
  constructor(
    readonly isShared: boolean,
    readonly driver: Pick<Driver, 'errors' | 'values'>,
  ) {}

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Rejects entries each with an error of its own. */
  rejectEach(rejected: ReadonlyMap<Entry, Error>): void {
    for (const [entry, error] of rejected) {
      entry.conclude({ error });
      const cause = asError(error.cause ?? error);
      this.#note(entry, this.isShared ? withoutMessage(cause) : cause);
    }
  }

  /**
   * Rejects all entries that are not settled, each with its own statement and without another's values: who fails only
   * because another does learns the code and the table.
   */
  rejectAll(entries: readonly Entry[], { error, culprit, isUnknown = false }: Refusal): void {
    const open = entries.filter(({ outcome }) => !outcome);
    const others = this.isShared && entries.length > 1 ? this.#withoutValues(error) : error;
    this.#isUnknown ||= isUnknown;
    // Where all are settled already it is their transaction that has failed.
    if (open.length === 0) this.#first ??= error;
    const { errors, values } = this.driver;
    if (culprit) this.#first ??= this.#withStatement(error, culprit);
    for (const entry of open) {
      const own = this.#withStatement(entry === culprit ? error : others, entry);
      const row = findFailedRow(entry, own, values.serialize);
      entry.conclude({ error: new BatchedInsertError(ownInsert(entry), own, { row, isUnknown }) });
      this.#note(entry, errors.withoutStatement(error));
    }
  }

  #withStatement(error: Error, entry: Entry): Error {
    const { errors, values } = this.driver;
    return errors.withStatement(error, ownInsert(entry).describe, values.serialize);
  }

  /** The database's error with its code, table and constraint; its words may hold another caller's values. */
  #withoutValues(error: Error): Error {
    const { errors } = this.driver;
    if (!isAnswer(errors, error)) return error;
    const table = errors.tableOf(error);
    const where = table === undefined ? '' : ` on table "${table}"`;
    return errors.withoutValues(error, `an insert of the same batch failed with ${codeOf(error)}${where}`);
  }

  /** What the flush rejects with, where anything could not be written. */
  toFailure(): FlushFailure | undefined {
    const cause = this.#first;
    if (!cause) return undefined;
    const shown = this.isShared ? this.#withoutValues(cause) : cause;
    const tables: TableFailure[] = [...this.#tables.values()];
    return { error: tables.length > 0 ? new FlushError(tables, shown, this.#isUnknown) : cause, cause };
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

/** What a flush on behalf of several callers rejects with for an insert that was not fit to be queued. */
export function refusedInShared(entry: Entry, error: Error): FlushError {
  const { table, rows } = ownInsert(entry);
  const cause = withoutMessage(asError(error.cause ?? error));
  return new FlushError([{ table, rows, code: codeOf(cause) }], cause);
}

/** What a caller's own mapping says, or the insert that his reference names, may hold values, also in its causes. */
function withoutMessage(error: Error): Error {
  const message = "an insert has a value that can't be sent, or refers to one that was not written";
  return Object.assign(new Error(message), { name: error.name, code: codeOf(error) });
}
