import fc from 'fast-check';
import { anyTable, inserts } from './arbitrary-inserts.ts';
import { type LookName, lookNames, needsRole } from './looks.ts';
import type { Alteration, Change, LookOf, Program, Setting, Step, Transaction } from './programs.ts';

const caught = fc.nat({ max: 3 }).map((number) => number === 3);

const group: fc.Arbitrary<Step> = fc.record({ do: fc.constant('group'), members: inserts, caught });
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
    { weight: 2, arbitrary: change(among, fc.constant('own')) },
    { weight: 1, arbitrary: setting },
    { weight: 1, arbitrary: select },
    ...(depth < 2 ? [{ weight: 2, arbitrary: transaction(depth + 1, among) }] : []),
  );
  return fc.record({
    do: fc.constant('transaction'),
    steps: fc.array(step, { minLength: 1, maxLength: 5 }),
    ends: fc.constantFrom('returns', 'returns', 'returns', 'returns', 'throws'),
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
      limit: fc.nat({ max: 4 }),
      steps: fc.array(step, { minLength: 1, maxLength: 4 }),
    })
    .map(({ anyRole, ...program }) => ({
      ...program,
      byRole: anyRole || program.looks.some((each) => needsRole(each.look)),
    }));
}

export const programs = programsAmong(lookNames);
