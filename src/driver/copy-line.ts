import type { DriverErrors } from './errors.ts';

/**
 * The line of a COPY in an error's context. It follows the lines about functions, and may contain line breaks
 * of the values.
 */
const lineOfCopy = /(^|\n)COPY .*$/s;

/** An error without the line of COPY, which contains a row's values. INSERT has no such line. */
export function withoutLine(error: Error, { copy }: DriverErrors): Error {
  const { where } = error as { where?: unknown };
  if (typeof where !== 'string') return error;
  const made = copy(error, error.message);
  // In a language whose line begins otherwise the line can't be recognised, so the whole context is removed.
  const left = lineOfCopy.test(where) ? where.replace(lineOfCopy, '') : '';
  if (left === '') Reflect.deleteProperty(made, 'where');
  return left === '' ? made : Object.assign(made, { where: left });
}
