/** What the status of the process says. */
export const exitCodes = {
  done: 0,
  /** Something failed: nothing is written, or with `--commit-every` what the message names. */
  failed: 1,
  /** The call itself: arguments, schema, header, a package that is not there. Nothing was begun. */
  usage: 2,
  /** Rows were rejected, and the others written. */
  rejected: 3,
  /** SIGINT; 128 and the number of the signal, as shells have it. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
