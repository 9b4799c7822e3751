/** Errors that the server raises because the library's own SQL asks for them. */
import { codeOf } from '../errors.ts';

export const changed = 'batched_drizzle: table facts changed';

export const outside = 'batched_drizzle: outside its transaction';

/**
 * An expression that fails when it is evaluated. `current_user` keeps the planner from evaluating it early.
 */
export function raise(message: string): string {
  return `('${message}: ' operator(pg_catalog.||) current_user::pg_catalog.text)::boolean`;
}

/** Replaces a statement that can't be written. */
export const failTransaction = `select ${raise('batched_drizzle: a statement could not be written')}`;

/** An expression of type text that fails with "facts changed". */
export const factsChanged = `${raise(changed)}::pg_catalog.text`;

/** Whether an error shows that facts are outdated, or may show it: an unknown type or column. */
export function isStale(error: unknown): boolean {
  return isFactsChanged(error) || ['42703', '42704', '42804'].includes(codeOf(error) ?? '');
}

export function isFactsChanged(error: unknown): boolean {
  return error instanceof Error && error.message.includes(changed);
}
