/** Which part of a batch a refusal is about, from its error. Pure. */
import { codeOf } from '../errors.ts';
import type { Refusal } from '../settle/failures.ts';

/**
 * The values were refused: by their types, or by a constraint. An error that names a place in its statement's text does not
 * count, since the text is another one alone.
 */
export function isOfValues({ error }: Refusal): boolean {
  return /^2[23]/.test(codeOf(error) ?? '') && (error as { position?: unknown }).position === undefined;
}

/** A read-only transaction writes to temporary tables all the same, so the refusal is about the tables that it names. */
export function isReadOnly({ error }: Refusal): boolean {
  return codeOf(error) === '25006';
}
