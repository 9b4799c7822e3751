import { type ExitCode, exitCodes } from './exit-codes.ts';

/** Ends the command with a message for its user, without a stack. */
export class CommandError extends Error {
  /** The number of rows that stay committed in spite of the error. */
  committed = 0;

  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.usage,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
