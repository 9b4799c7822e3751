import fc from 'fast-check';
import { expect, test } from 'vitest';
import { programs } from '../../support/looking/arbitrary-programs.ts';
import type { Step } from '../../support/looking/programs.ts';

function addsRule(steps: readonly Step[]): boolean {
  return steps.some((step) => {
    if (step.do === 'transaction') return addsRule(step.steps);
    return step.do === 'change' && step.what.startsWith('rule: ');
  });
}

const hasGroup = (steps: readonly Step[]) => steps.some((step) => step.do === 'group');

test('random programs add a rule while they run only if all their inserts are in transactions', () => {
  const all = fc.sample(programs, { numRuns: 1_000, seed: 1 });
  const adding = all.filter(({ steps }) => addsRule(steps));
  expect(adding.length).toBeGreaterThan(10);
  expect(adding.filter(({ steps }) => hasGroup(steps))).toEqual([]);
  const isKnown = all.filter(({ steps, looks }) => hasGroup(steps) && looks.some(isRule));
  expect(isKnown.length).toBeGreaterThan(10);
});

const isRule = ({ look }: { readonly look: string }): boolean => look.startsWith('rule: ');
