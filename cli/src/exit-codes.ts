/** The exit codes of the command. */
export const exitCodes = {
  done: 0,
  /** The load failed. Nothing is written, except the rows that `--commit-every` has committed. */
  failed: 1,
  /** The call is wrong: arguments, schema, header, or a missing package. Nothing was begun. */
  usage: 2,
  /** Some rows were rejected, and all others were written. */
  rejected: 3,
  /** SIGINT: 128 plus the number of the signal, as in shells. */
  interrupted: 130,
  /** SIGTERM: 128 plus the number of the signal. */
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
