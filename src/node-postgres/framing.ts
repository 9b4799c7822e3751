import type { Framing } from '../driver/framing.ts';

/** drizzle executes everything around a transaction as statements of its own. */
export const framing: Framing = {
  begin: (modes) => (modes === undefined ? 'begin' : `begin ${modes}`),
  opening: () => undefined,
  savepoint: (depth) => `sp${depth}`,
  executesEnds: true,
  executesSavepoints: true,
  hidesConsequences: false,
};

/** On Neon drizzle writes the modes behind BEGIN also if there are none. */
export const neonFraming: Framing = { ...framing, begin: (modes = '') => `begin ${modes}` };
