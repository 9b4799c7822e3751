import type { Framing } from '../driver/framing.ts';

/** `client.transaction()` sends BEGIN and COMMIT, unseen by drizzle's logger. Savepoints are statements of drizzle's. */
export const framing: Framing = {
  begin: () => 'begin',
  opening: (modes) => (modes === undefined ? undefined : `set transaction ${modes}`),
  savepoint: (depth) => `sp${depth}`,
  executesEnds: false,
  executesSavepoints: true,
  hidesConsequences: false,
  commitsFailed: true,
};
