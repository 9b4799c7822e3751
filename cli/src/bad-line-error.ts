import { type BadLine, describeBadLine } from './bad-row.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-codes.ts';

/** Ends the load at the first bad row, unless bad rows are skipped. */
export class BadLineError extends CommandError {
  constructor(
    readonly badLine: BadLine,
    options?: ErrorOptions,
  ) {
    super(describeBadLine(badLine), exitCodes.failed, options);
  }
}
