/** The conflict clause of an insert, as far as it decides which inserts may share a statement. */
import type { Column, SQL } from 'drizzle-orm';
import type { Rendered } from '../drizzle/render.ts';

/** The clause after `on conflict`. */
export interface Conflict extends Rendered {
  /** The clause as drizzle's SQL object. */
  readonly clause: SQL;
  readonly action: 'nothing' | 'update';
  /** The columns of the arbiter index. Empty if every unique index arbitrates. */
  readonly target: readonly Column[];
  /** The arbiter may be a partial index, which ignores rows outside its condition. */
  readonly isPartial: boolean;
  /** Rows may be skipped: by `do nothing`, or by a condition on the row to be updated. */
  readonly maySkip: boolean;
  /** The columns that the update sets in the existing row. */
  readonly assigned: ReadonlySet<Column>;
}

/** A key that is equal for equal clauses. `undefined` if the clause can't be shared with other inserts. */
export function clauseKey(clause: Rendered): string | undefined {
  // A subquery sees the rows of earlier statements, but not those of its own statement.
  if (isSubquery(clause)) return undefined;
  const params = clause.params.map(paramKey);
  return params.includes(undefined) ? undefined : JSON.stringify([clause.texts, params]);
}

/** Whether an expression may read tables. */
export function isSubquery({ texts }: Rendered): boolean {
  return texts.some((text) => /\bselect\b/i.test(text));
}

/** Includes the JavaScript type, from which the driver declares a type to the server; see `Params`. */
function paramKey(param: unknown): string | undefined {
  if (param instanceof Date) return `date ${param.getTime()}`;
  return param === null || typeof param !== 'object' ? `${typeof param} ${String(param)}` : undefined;
}
