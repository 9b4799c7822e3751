import fc from 'fast-check';
import { anyTable, family, inserts, relatives } from './arbitrary-inserts.ts';
import { fewRows } from './limits.ts';
import { type LookName, lookNames, needsRole } from './looks.ts';
import type { Alteration, Change, Insert, LookOf, Program, Setting, Step, Transaction } from './programs.ts';

const caught = fc.nat({ max: 3 }).map((number) => number === 3);

const isFlushed = fc.nat({ max: 3 }).map((number) => number === 3);
const group: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('group'),
  members: inserts,
  isFlushed,
  caught,
});
const references: fc.Arbitrary<Step> = fc
  .tuple(family, caught)
  .map(([members, isCaught]) => ({ do: 'references', ...members, caught: isCaught }));
const select: fc.Arbitrary<Step> = fc.record({ do: fc.constant('select'), table: anyTable });

const alterations = fc.constantFrom<Alteration>(
  'rename a column and back',
  'drop and add a column',
  'drop and create the table',
  'drop the default of pos',
  'drop the trigger',
  'drop the policy',
  'create an index',
  'truncate',
  'restart the sequence',
);

function change(
  among: readonly LookName[],
  bySession: fc.Arbitrary<Change['bySession']>,
): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant('change'),
    table: anyTable,
    what: fc.oneof(alterations, fc.constantFrom(...among)),
    bySession,
    caught,
  });
}

const setting: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('set'),
  what: fc.constantFrom<Setting>(
    'set local search_path to elsewhere, looking',
    'set local search_path to looking',
    'set local role to the role',
    'set local role to none',
    `select set_config('looking.setting', 'by a statement', true)`,
  ),
});

function transaction(depth: number, among: readonly LookName[]): fc.Arbitrary<Transaction> {
  const step = fc.oneof(
    { weight: 10, arbitrary: group },
    { weight: 2, arbitrary: references },
    { weight: 2, arbitrary: change(among, fc.constant('own')) },
    { weight: 1, arbitrary: setting },
    { weight: 1, arbitrary: select },
    ...(depth < 2 ? [{ weight: 2, arbitrary: transaction(depth + 1, among) }] : []),
  );
  return fc.record({
    do: fc.constant('transaction'),
    steps: fc.array(step, { minLength: 1, maxLength: 5 }),
    ends: fc.constantFrom(...Array.from({ length: 9 }, () => 'returns' as const), 'throws'),
    caught,
  });
}

/** Programs over tables that look around in one to three ways, all of them among those named. */
export function programsAmong(among: readonly LookName[]): fc.Arbitrary<Program> {
  const look: fc.Arbitrary<LookOf> = fc.record({ table: anyTable, look: fc.constantFrom(...among) });
  const step = fc.oneof(
    { weight: 6, arbitrary: transaction(1, among) },
    { weight: 2, arbitrary: group },
    { weight: 2, arbitrary: change(among, fc.constantFrom('own', 'other')) },
    { weight: 1, arbitrary: select },
  );
  return fc
    .record({
      looks: fc.uniqueArray(look, { maxLength: 3, selector: (each) => `${each.table} ${each.look}` }),
      anyRole: fc.nat({ max: 2 }).map((number) => number === 2),
      limit: fc.nat({ max: fewRows - 1 }),
      steps: fc.array(step, { minLength: 1, maxLength: 4 }),
    })
    .map(({ anyRole, ...program }) => ({
      ...program,
      byRole: anyRole || program.looks.some((each) => needsRole(each.look)),
    }));
}

const inOneTable = (members: readonly Insert[]): Insert[] =>
  members.map((member) => ({ ...member, table: 'docs', conflict: 'none' }));

/**
 * Programs with entries of more rows than one statement may have. Where a table refers to itself, such an entry
 * is written as plain drizzle writes it (docs/contract.md, 3).
 */
const oversized: fc.Arbitrary<Program> = fc.record({
  looks: fc
    .constantFrom<LookName>('parent: itself', 'parent: itself, deferred')
    .map((look) => [{ table: 'docs', look }]),
  byRole: fc.boolean(),
  limit: fc.constant(fewRows),
  steps: fc.array(
    fc.tuple(relatives, fc.boolean()).map(([members, inTransaction]): Step => {
      const step: Step = { do: 'group', members: inOneTable(members), isFlushed: false, caught: true };
      return inTransaction ? { do: 'transaction', steps: [step], ends: 'returns', caught: true } : step;
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

const groups: fc.Arbitrary<Transaction> = fc
  .array(group, { minLength: 2, maxLength: 4 })
  .map((steps) => ({ do: 'transaction', steps, ends: 'returns', caught: true }));

/** Programs that write to the same tables before and after a table is changed. */
const migrations: fc.Arbitrary<Program> = fc.record({
  looks: fc.constant([]),
  byRole: fc.boolean(),
  limit: fc.nat({ max: fewRows - 1 }),
  steps: fc
    .tuple(groups, change(lookNames, fc.constantFrom('own', 'other')), groups)
    .map((steps): Step[] => steps),
});

const isRule = (step: Step): boolean => step.do === 'change' && step.what.startsWith('rule: ');

/** Maps the steps of a program, and those of its transactions. */
const mapSteps = (steps: readonly Step[], map: (step: Step) => Step[]): Step[] =>
  steps.flatMap((step) =>
    step.do === 'transaction' ? [{ ...step, steps: mapSteps(step.steps, map) }] : map(step),
  );

const withoutRules = (steps: readonly Step[]): Step[] =>
  mapSteps(steps, (step) => (isRule(step) ? [] : [step]));

const hiding: LookName = 'policy: some rows are hidden';
const hides = (steps: readonly Step[]): boolean =>
  steps.some((step) =>
    step.do === 'transaction' ? hides(step.steps) : step.do === 'change' && step.what === hiding,
  );

/**
 * An insert that is flushed before it is awaited is written anew if a policy hides its row, and a key is missed
 * (docs/limits.md). The comparison counts keys.
 */
const withoutGaps = (program: Program): Program =>
  hides(program.steps) || program.looks.some(({ look }) => look === hiding)
    ? {
        ...program,
        steps: mapSteps(program.steps, (step) => [
          step.do === 'group' ? { ...step, isFlushed: false } : step,
        ]),
      }
    : program;

/**
 * In the first batch of the database behind a new rule its table's inserts may run behind those into others
 * (docs/limits.md). So a program with groups on the database has its rules from the start.
 */
const withKnownRules = (program: Program): Program =>
  program.steps.some((step) => step.do === 'group')
    ? { ...program, steps: withoutRules(program.steps) }
    : program;

export const programs = fc
  .oneof(
    { weight: 12, arbitrary: programsAmong(lookNames) },
    { weight: 3, arbitrary: migrations },
    { weight: 1, arbitrary: oversized },
  )
  .map(withKnownRules)
  .map(withoutGaps);
