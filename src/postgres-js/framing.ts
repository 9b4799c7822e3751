import type { Framing } from '../driver/framing.ts';

/** The client itself sends BEGIN, COMMIT and savepoints, unseen by drizzle's logger. */
export const framing: Framing = {
  begin: () => 'begin',
  opening: (modes) => (modes === undefined ? undefined : `set transaction ${modes}`),
  savepoint: (_, number) => `s${number}`,
  executesEnds: false,
  executesSavepoints: false,
  hidesConsequences: true,
};
