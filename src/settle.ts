/** What became of a flush → the outcomes of its entries, which settle the callers' promises. */
import type { Serialize } from './encode.ts';
import type { Entry, Outcome } from './entry.ts';
import { asError, BatchedInsertError, codeOf, FlushError, type TableFailure } from './errors.ts';
import { findFailedRow } from './failed-row.ts';
import type { FlushFailure, Refusal } from './flush.ts';
import { withoutStatement, withStatement } from './postgres-js/errors.ts';

/** What became of entries, those together that came to the same. */
export type Outcomes = readonly (readonly [entries: readonly Entry[], outcome: Outcome])[];

/** Settles entries that were written; of an entry that stands there twice the first outcome holds. */
export function fulfil(outcomes: Outcomes): void {
  for (const [entries, outcome] of outcomes)
    for (let index = 0; index < entries.length; index++) entries[index]?.conclude(outcome);
}

/** Rejects entries, and keeps in mind what a flush has to say of them. */
export class Failures {
  readonly #tables = new Map<string, { table: string; rows: number; code: string | undefined }>();
  #first: Error | undefined;
  #isUnknown = false;

  /** @param isShared the entries may belong to callers who must not learn of each other */
  constructor(
    readonly isShared: boolean,
    readonly serialize: Serialize,
  ) {}

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Rejects entries each with an error of its own. */
  rejectEach(rejected: ReadonlyMap<Entry, Error>): void {
    for (const [entry, error] of rejected) {
      entry.conclude({ error });
      const cause = asError(error.cause ?? error);
      this.#note(entry, this.isShared ? withoutWords(cause) : cause);
    }
  }

  /**
   * Rejects all entries that are not settled, each with its own statement and without another's values: who fails only
   * because another does learns the code and the table.
   */
  rejectAll(entries: readonly Entry[], { error, culprit, isUnknown = false }: Refusal): void {
    const open = entries.filter(({ outcome }) => !outcome);
    const others = this.isShared && entries.length > 1 ? withoutValues(error) : error;
    this.#isUnknown ||= isUnknown;
    // Where all are settled already it is their transaction that has failed.
    if (open.length === 0) this.#first ??= error;
    if (culprit) this.#first ??= withStatement(error, culprit.own.describe, this.serialize);
    for (const entry of open) {
      const own = withStatement(entry === culprit ? error : others, entry.own.describe, this.serialize);
      const row = findFailedRow(entry, own, this.serialize);
      entry.conclude({ error: new BatchedInsertError(entry.own, own, { row, isUnknown }) });
      this.#note(entry, withoutStatement(error));
    }
  }

  /** What the flush rejects with, where anything could not be written. */
  toFailure(): FlushFailure | undefined {
    const cause = this.#first;
    if (!cause) return undefined;
    const shown = this.isShared ? withoutValues(cause) : cause;
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
  const { table, rows } = entry.own;
  const cause = withoutWords(asError(error.cause ?? error));
  return new FlushError([{ table, rows, code: codeOf(cause) }], cause);
}

/** What a caller's own mapping says, or the insert that his reference names, may hold values, also in its causes. */
function withoutWords(error: Error): Error {
  const message = "an insert has a value that can't be sent, or refers to one that was not written";
  return Object.assign(new Error(message), { name: error.name, code: codeOf(error) });
}

/** The database's error with its code, table and constraint; its words may hold another caller's values. */
function withoutValues(error: Error): Error {
  const { severity, code, schema_name, table_name, constraint_name, column_name } =
    error as unknown as Record<string, unknown>;
  if (severity === undefined) return error;
  const where = table_name === undefined ? '' : ` on table "${table_name}"`;
  const kept = { severity, code, schema_name, table_name, constraint_name, column_name };
  return new (error.constructor as new (fields: object) => Error)({
    ...kept,
    message: `an insert of the same batch failed with ${code}${where}`,
  });
}
