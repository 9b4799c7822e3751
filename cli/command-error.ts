import { type ExitCode, exitCodes } from './exit-codes.ts';

/** Ends the command with a message for its user, who is shown no stack. */
export class CommandError extends Error {
  /** Rows that stand all the same. */
  committed = 0;

  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.usage,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
