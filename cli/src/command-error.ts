import { type ExitCode, exitCodes } from './exit-codes.ts';

/** Ends the command with a message for its user, without a stack. */
export class CommandError extends Error {
  /** The number of rows that stay committed in spite of the error. */
  committed = 0;
  /** The connection was lost at COMMIT, so that nobody knows whether the rows are written. */
  isUnknown = false;

  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.usage,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
