import fc from 'fast-check';
import { conflictingInserts, insertInto, refusedInsert, refusedInto } from './arbitrary-inserts.ts';
import { type ParentName, parent, type Row, rows, type TableName } from './program-rows.ts';
import type { Insert, LeafName, Pause, Program, Statement, Step, Transaction } from './programs.ts';

/** The tables that a transaction writes to. With few tables more of its rows interact. */
const themes: readonly (readonly TableName[])[] = [
  ['users', 'addresses'],
  ['nodes'],
  ['organizations', 'teams', 'members'],
  ['users', 'logs', 'counters'],
  ['tokens', 'events', 'wide'],
  Object.keys(rows) as TableName[],
];

const tableName = fc.constantFrom(...(Object.keys(rows) as TableName[]));
const parentName = fc.constantFrom<ParentName>('users', 'nodes', 'teams', 'organizations');
const leafName = fc.constantFrom<LeafName>(
  'addresses',
  'logs',
  'members',
  'tokens',
  'events',
  'wide',
  'counters',
);
const caught = fc.boolean();

const statement: fc.Arbitrary<Statement> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('select', 'count', 'prepared'), table: tableName }),
  },
  fc.record({ do: fc.constant('relational'), table: parentName }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('select where', 'update', 'move'),
      of: parentName.chain(parent),
      returning: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant('delete'), table: leafName, returning: fc.boolean() }),
  fc.record({
    do: fc.constant('delete where'),
    of: fc.constantFrom<ParentName>('users', 'teams').chain(parent),
    returning: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom('raw insert', 'insert select', 'with insert') }),
);

const awaited = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 2, arbitrary: fc.constantFrom('never' as const, 'after the transaction' as const) },
);

function insertStep(
  given: fc.Arbitrary<Insert>,
  at: fc.Arbitrary<(Step & { do: 'insert' })['awaited']>,
): fc.Arbitrary<Step> {
  return fc
    .tuple(given, at, caught)
    .map(([call, isAwaited, isCaught]) => ({ ...call, awaited: isAwaited, caught: isCaught }));
}

const statementStep: fc.Arbitrary<Step> = fc
  .tuple(statement, caught)
  .map(([given, isCaught]) => ({ ...given, caught: isCaught }));

/** Outside a transaction a pause would end a batch, and batches keep no order. */
const noPauses = fc.constant<Pause[]>([]);

const pauses: fc.Arbitrary<Pause[]> = fc.oneof(
  { withCrossShrink: true },
  noPauses,
  fc.array(fc.constantFrom<Pause>('none', 'jobs', 'turn'), { minLength: 6, maxLength: 6 }),
);

function group(
  members: fc.Arbitrary<Insert | Statement>,
  between: fc.Arbitrary<Pause[]> = noPauses,
): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant('group'),
    members: fc.array(members, { minLength: 1, maxLength: 6 }),
    pauses: between,
    caught,
  });
}

function groupsOf(members: fc.Arbitrary<Insert[]> | undefined): fc.Arbitrary<Step>[] {
  return members ? [fc.record({ do: fc.constant('group'), members, pauses: noPauses, caught })] : [];
}

function stepIn(depth: number, theme: readonly TableName[]): fc.Arbitrary<Step> {
  const insert = insertInto(theme);
  return fc.oneof(
    { weight: 12, arbitrary: insertStep(insert, awaited) },
    { weight: 4, arbitrary: group(fc.oneof({ weight: 8, arbitrary: insert }, statement), pauses) },
    { weight: 4, arbitrary: statementStep },
    { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
    ...groupsOf(conflictingInserts(theme)).map((arbitrary) => ({ weight: 6, arbitrary })),
    ...(depth < 3 ? [{ weight: 2, arbitrary: transaction(depth + 1, theme) }] : []),
  );
}

/** A step that certainly fails, unless an earlier step has failed. */
function refusedStep(theme: readonly TableName[]): fc.Arbitrary<Step> {
  return fc.oneof(
    insertStep(refusedInsert, awaited),
    group(fc.oneof(insertInto(theme), refusedInsert), pauses),
    fc.record({ do: fc.constant('raw error'), caught }),
  );
}

function transaction(
  depth: number,
  theme: readonly TableName[],
  steps = fc.array(stepIn(depth, theme), { minLength: 1, maxLength: 10 }),
): fc.Arbitrary<Transaction> {
  const refused = fc.array(fc.tuple(refusedStep(theme), fc.nat({ max: 10 })), { minLength: 1, maxLength: 2 });
  const someRefused = fc.tuple(steps, refused).map(([given, extra]) => {
    const all = [...given];
    for (const [step, at] of extra) all.splice(at % (all.length + 1), 0, step);
    return all;
  });
  const isolations = fc.constantFrom('serializable' as const, 'repeatable read' as const);
  return fc.record({
    do: fc.constant('transaction'),
    steps: fc.oneof(
      { withCrossShrink: true },
      { weight: 3, arbitrary: steps },
      { weight: 1, arbitrary: someRefused },
    ),
    ends: fc.constantFrom('returns', 'returns', 'returns', 'returns', 'returns', 'throws'),
    isolation: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, isolations),
    caught,
  });
}

const anyTransaction = fc.oneof(...themes.map((theme) => transaction(1, theme)));
const anyInsert = fc.oneof(...themes.map(insertInto));

/**
 * An insert whose result does not depend on other inserts, since a batch that is split keeps no order among
 * tables.
 */
const reticentInsert = anyInsert.filter(({ selection }) => selection !== 'expressions');

function refusedSteps(theme: readonly TableName[]): fc.Arbitrary<Step>[] {
  const refused = refusedInto(theme);
  return refused ? [insertStep(refused, fc.constant(0))] : [];
}

/** A step of a loop, most of which awaits an insert and goes on. */
function stepOfLoop(depth: number, theme: readonly TableName[]): fc.Arbitrary<Step> {
  return fc.oneof(
    { weight: 40, arbitrary: insertStep(insertInto(theme), fc.constant(0)) },
    ...refusedSteps(theme).map((arbitrary) => ({ weight: 1, arbitrary })),
    { weight: 1, arbitrary: stepIn(3, theme) },
    ...(depth < 3 ? [{ weight: 1, arbitrary: transactionOfLoop(depth + 1, theme) }] : []),
  );
}

function transactionOfLoop(depth: number, theme: readonly TableName[]): fc.Arbitrary<Transaction> {
  const lengths = depth === 1 ? { minLength: 10, maxLength: 60 } : { minLength: 4, maxLength: 12 };
  const steps = fc.array(stepOfLoop(depth, theme), { ...lengths, size: 'max' });
  return transaction(depth, theme, steps);
}

/** Programs that await one insert after another. */
export const loops: fc.Arbitrary<Program> = fc
  .oneof(...themes.map((theme) => transactionOfLoop(1, theme)))
  .map((loop) => ({ steps: [loop] }));

/** Steps outside a transaction. There drizzle writes no insert that is not awaited. */
const outside: fc.Arbitrary<Step> = fc.oneof(
  insertStep(anyInsert, fc.constant(0)),
  insertStep(refusedInsert, fc.constant(0)),
  group(anyInsert),
  group(fc.oneof({ weight: 4, arbitrary: reticentInsert }, refusedInsert)),
  ...groupsOf(conflictingInserts(Object.keys(rows) as TableName[])),
  statementStep,
  anyTransaction,
);

/** Programs over all tables of `schema.ts`; most consist of one transaction. */
export const programs: fc.Arbitrary<Program> = fc.record({
  steps: fc.oneof(
    { withCrossShrink: true },
    { weight: 3, arbitrary: fc.tuple(anyTransaction) },
    { weight: 1, arbitrary: fc.array(outside, { minLength: 1, maxLength: 6 }) },
  ),
});

type Change = <T extends Step | Insert | Statement>(given: T) => T;

function changed({ steps }: Program, change: Change): Program {
  const inside = (step: Step): Step => {
    if (step.do === 'transaction') return { ...step, steps: step.steps.map(inside) };
    if (step.do === 'group') return { ...step, members: step.members.map(change) };
    return change(step);
  };
  return { steps: steps.map(inside) };
}

/** The same without a prepared statement, whose name would be known to another session of a pooler. */
export const namelessPrograms: fc.Arbitrary<Program> = programs.map((program) =>
  changed(program, (given) => (given.do === 'prepared' ? { ...given, do: 'select' } : given)),
);

/** The same without quotes, for clients that do not write a text as they have read it. */
export const unquotedPrograms: fc.Arbitrary<Program> = programs.map((program) =>
  changed(program, (given) => (given.do === 'insert' ? { ...given, rows: given.rows.map(unquoted) } : given)),
);

const unquoted = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value.is === 'quote' ? { is: 'label' } : value]),
  );
