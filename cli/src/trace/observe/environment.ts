/** How the command tells the processes of the program what to do. */
export const environment = {
  /** The folder for what is recorded. */
  folder: 'BATCHED_DRIZZLE_TRACE_FOLDER',
  /** A list in JSON: parts of paths that do not belong to the program. */
  skip: 'BATCHED_DRIZZLE_TRACE_SKIP',
} as const;
