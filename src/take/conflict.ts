/** What an insert does with rows that conflict, as far as it decides who may share a statement. */
import type { Column, SQL } from 'drizzle-orm';
import type { Rendered } from '../drizzle/render.ts';

/** What stands behind `on conflict`. */
export interface Conflict extends Rendered {
  /** As drizzle has it. */
  readonly clause: SQL;
  readonly action: 'nothing' | 'update';
  /** The columns of the unique index that arbitrates; none where every one does. */
  readonly target: readonly Column[];
  /** That index may be a partial one, which has no say in rows outside it. */
  readonly isPartial: boolean;
  /** Rows may be left out: by `do nothing`, and by a condition on the row to be updated. */
  readonly maySkip: boolean;
  /** The columns that a row which is there already is given anew. */
  readonly assigned: ReadonlySet<Column>;
}

/** The same text for clauses that say the same; none for one that only its own insert can be sent with. */
export function clauseKey(clause: Rendered): string | undefined {
  // One statement sees none of its own rows where several see those of the ones before.
  if (isSubquery(clause)) return undefined;
  const params = clause.params.map(paramKey);
  return params.includes(undefined) ? undefined : JSON.stringify([clause.texts, params]);
}

/** Whether an expression may read tables. */
export function isSubquery({ texts }: Rendered): boolean {
  return texts.some((text) => /\bselect\b/i.test(text));
}

/** The type is part of it: postgres.js declares some types to the server, see `Params`. */
function paramKey(param: unknown): string | undefined {
  if (param instanceof Date) return `date ${param.getTime()}`;
  return param === null || typeof param !== 'object' ? `${typeof param} ${String(param)}` : undefined;
}
