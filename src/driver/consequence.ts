import { codeOf } from '../errors.ts';
import { type DriverErrors, isAnswer } from './errors.ts';

/**
 * The server refuses every statement behind one that has failed in its transaction (25P02). Which one that was, only the
 * client knows. Like every caller whose statement fails because of another, this one learns its code and table, no more.
 *
 * @param failure the last error of the transaction before this one
 * @returns the last error that later ones follow from
 */
export function explainConsequence(
  errors: DriverErrors,
  error: Error,
  failure: Error | undefined,
): Error | undefined {
  if (codeOf(error) !== '25P02') return isAnswer(errors, error) ? error : failure;
  if (!failure || 'cause' in error) return failure;
  const value = errors.withoutValues(
    failure,
    `an earlier statement of the transaction failed with ${codeOf(failure)}`,
  );
  // As the standard has it, a cause is hidden from loops over the properties.
  Object.defineProperty(error, 'cause', { value, writable: true, configurable: true });
  return failure;
}
