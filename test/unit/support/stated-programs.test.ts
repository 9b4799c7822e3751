import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type StatedStep, statedPrograms } from '../../support/stated-programs.ts';

const names = ['insert', 'upsert', 'update all', 'plain', 'uncast'];
const isQueued = (statement: string) => statement === 'insert' || statement === 'upsert';
const seesRows = (statement: string) => !isQueued(statement) && statement !== 'uncast';

/** The statements of each turn, those of the database first and then those of transactions. */
function turnsOf(): [string[][], string[][]] {
  const turns: [string[][], string[][]] = [[], []];
  const collect = (steps: readonly StatedStep[], depth: number): void => {
    for (const step of steps) {
      if (step.do === 'transaction') collect(step.steps, depth + 1);
      if (step.do !== 'together') continue;
      turns[depth === 0 ? 0 : 1].push(step.stated.map(({ statement }) => statement));
    }
  };
  for (const program of fc.sample(statedPrograms(names, true, true), { numRuns: 500, seed: 1 }))
    collect(program, 0);
  return turns;
}

const isMixed = (turn: string[]) => turn.some(isQueued) && turn.some(seesRows);

test('random programs execute no queued insert of the database in one turn with what may see its row', () => {
  const [ofDatabase] = turnsOf();
  expect(ofDatabase.filter(isMixed)).toEqual([]);
  expect(ofDatabase.every(({ length }) => length > 0)).toBe(true);
  expect(ofDatabase.some((turn) => turn.includes('insert') && turn.includes('upsert'))).toBe(true);
  expect(ofDatabase.some((turn) => turn.includes('plain') && turn.includes('update all'))).toBe(true);
  expect(ofDatabase.some((turn) => turn.some(isQueued) && turn.includes('uncast'))).toBe(true);
});

test('random programs execute them together in a transaction, whose order is kept', () => {
  const [, ofTransactions] = turnsOf();
  expect(ofTransactions.some(isMixed)).toBe(true);
});
