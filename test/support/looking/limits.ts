import type { BatchOptions } from '../../../src/index.ts';

/** Limits of a batch. They change which inserts are sent together, and nothing that a program sees. */
export const limits: readonly BatchOptions[] = [
  {},
  {},
  { maxRows: 4 },
  { keys: 'client' },
  { copyRows: 1 },
  { maxRows: 2 },
];

/** The limit that entries of a program may exceed. No entry has more rows than the others allow. */
export const fewRows = limits.length - 1;
