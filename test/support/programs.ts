import fc from 'fast-check';
import {
  type Parent,
  type ParentName,
  parent,
  type Row,
  rows,
  sharedRows,
  type TableName,
  violations,
} from './program-rows.ts';

/** What `returning()` is called with, if at all. */
export type Selection = 'none' | 'all' | 'key' | 'text' | 'aliases' | 'expressions';

/** Which conflict clause: `update` has a target and sets something, `nothing` has a target or none. */
export type Conflict = 'none' | 'nothing' | 'nothing at target' | 'update' | 'update where';

export interface Insert {
  readonly do: 'insert';
  readonly table: TableName;
  readonly rows: readonly Row[];
  /** A lone row is given as an object, not as an array of one. */
  readonly single: boolean;
  readonly selection: Selection;
  readonly conflict: Conflict;
  /** Handed to `db.execute()`. */
  readonly executed: boolean;
  readonly overriding: boolean;
  /** The SQLSTATE with which PostgreSQL refuses it. */
  readonly code?: string;
}

/** Any statement but a batched insert. */
export type Statement =
  | { readonly do: 'select' | 'count' | 'prepared'; readonly table: TableName }
  | { readonly do: 'relational'; readonly table: ParentName }
  | { readonly do: 'select where' | 'update' | 'move'; readonly of: Parent; readonly returning: boolean }
  | { readonly do: 'delete'; readonly table: LeafName; readonly returning: boolean }
  | { readonly do: 'delete where'; readonly of: Parent; readonly returning: boolean }
  | { readonly do: 'raw insert' | 'insert select' | 'with insert' | 'raw error' };

export type LeafName = 'addresses' | 'counters' | 'events' | 'logs' | 'members' | 'tokens' | 'wide';

/** Whether the program goes on after an error. */
export interface Caught {
  readonly caught: boolean;
}

export type Step =
  | (Insert &
      Caught & {
        /** After how many further steps it is awaited, 0 being at once. `toSQL()` takes an insert out of its place. */
        readonly awaited: number | 'never' | 'after the transaction' | 'at once, described before';
      })
  | (Statement & Caught)
  | { readonly do: 'flush' }
  /** `Promise.all` of inserts and statements. */
  | ({ readonly do: 'group'; readonly members: readonly (Insert | Statement)[] } & Caught)
  | Transaction;

/** A transaction, or in one a savepoint. */
export type Transaction = {
  readonly do: 'transaction';
  readonly steps: readonly Step[];
  readonly ends: 'returns' | 'throws';
  readonly isolation: 'serializable' | 'repeatable read' | undefined;
} & Caught;

export interface Program {
  readonly steps: readonly Step[];
}

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
const rarely = fc.nat({ max: 11 }).map((number) => number === 11);
const caught = fc.boolean();
const selection = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Selection>('none', 'all', 'key', 'text', 'aliases') },
  fc.constant<Selection>('expressions'),
);

/** Children are not much use without parents, and a wide row is not much use twice. */
const insertedTable = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<TableName>('users', 'addresses', 'nodes') },
  { weight: 2, arbitrary: tableName },
);

const form = { selection, single: fc.boolean(), executed: rarely, overriding: rarely };

const plainInsert: fc.Arbitrary<Insert> = insertedTable.chain((table) =>
  fc.record({
    do: fc.constant('insert'),
    table: fc.constant(table),
    rows: fc.array(rows[table], { minLength: 1, maxLength: 3 }),
    conflict: fc.constant('none'),
    ...form,
  }),
);

const conflictingInsert: fc.Arbitrary<Insert> = fc
  .constantFrom<keyof typeof sharedRows>('users', 'members', 'tokens', 'nodes')
  .chain((table) =>
    fc.record({
      do: fc.constant('insert'),
      table: fc.constant(table),
      rows: fc.uniqueArray(sharedRows[table], { minLength: 1, maxLength: 3, selector: sharedValue }),
      conflict: fc.constantFrom<Conflict>('nothing', 'nothing at target', 'update', 'update where'),
      ...form,
    }),
  );

/** A statement with ON CONFLICT DO UPDATE may not have one row twice. */
function sharedValue(row: Row): unknown {
  const shared = Object.values(row).find(({ is }) => is.startsWith('pool'));
  return shared && 'index' in shared ? shared.index : row;
}

const refusedInsert: fc.Arbitrary<Insert> = fc
  .record({ violation: fc.constantFrom(...violations), among: fc.nat({ max: 2 }) })
  .chain(({ violation: { table, columns, code }, among }) =>
    fc.record({
      do: fc.constant('insert'),
      table: fc.constant(table),
      rows: fc.array(rows[table], { minLength: 1, maxLength: 3 }).map((given) => {
        const bad = Object.entries(columns).map(([name, value]) => [name, { is: 'literal', value }] as const);
        return given.with(among % given.length, {
          ...given[among % given.length],
          ...Object.fromEntries(bad),
        } as Row);
      }),
      conflict: fc.constant('none'),
      ...form,
      code: fc.constant(code),
    }),
  );

const insert = fc.oneof({ weight: 6, arbitrary: plainInsert }, { weight: 1, arbitrary: conflictingInsert });

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

const described = 'at once, described before';
const awaitedAtOnce = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.constant(described));
const awaited = fc.oneof(
  { weight: 3, arbitrary: awaitedAtOnce },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 2, arbitrary: fc.constantFrom('never' as const, 'after the transaction' as const) },
);

type InsertStep = Step & { do: 'insert' };

function insertStep(
  given: fc.Arbitrary<Insert>,
  at: fc.Arbitrary<InsertStep['awaited']>,
): fc.Arbitrary<Step> {
  return fc
    .tuple(given, at, caught)
    .map(([call, isAwaited, isCaught]) => ({ ...call, awaited: isAwaited, caught: isCaught }));
}

const statementStep: fc.Arbitrary<Step> = fc
  .tuple(statement, caught)
  .map(([given, isCaught]) => ({ ...given, caught: isCaught }));

function group(member: fc.Arbitrary<Insert | Statement>): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant('group'),
    members: fc.array(member, { minLength: 1, maxLength: 4 }),
    caught,
  });
}

const stepIn = (depth: number): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: insertStep(insert, awaited),
    },
    { weight: 4, arbitrary: group(fc.oneof({ weight: 5, arbitrary: insert }, statement)) },
    { weight: 5, arbitrary: statementStep },
    { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
    ...(depth < 3 ? [{ weight: 2, arbitrary: transaction(depth + 1) }] : []),
  );

/** A step that fails for certain, unless one before it has. */
const refusedStep: fc.Arbitrary<Step> = fc.oneof(
  insertStep(refusedInsert, awaited),
  group(fc.oneof(plainInsert, refusedInsert)),
  fc.record({ do: fc.constant('raw error'), caught }),
);

function transaction(depth: number): fc.Arbitrary<Transaction> {
  const steps = fc.array(stepIn(depth), { minLength: 1, maxLength: 8 });
  const refused = fc.array(fc.tuple(refusedStep, fc.nat({ max: 8 })), { minLength: 1, maxLength: 2 });
  const someRefused = fc.tuple(steps, refused).map(([given, extra]) => {
    const all = [...given];
    for (const [step, at] of extra) all.splice(at % (all.length + 1), 0, step);
    return all;
  });
  return fc.record({
    do: fc.constant('transaction'),
    steps: fc.oneof(
      { withCrossShrink: true },
      { weight: 3, arbitrary: steps },
      { weight: 1, arbitrary: someRefused },
    ),
    ends: fc.oneof(
      { weight: 6, arbitrary: fc.constant('returns' as const) },
      { weight: 1, arbitrary: fc.constant('throws' as const) },
    ),
    isolation: fc.oneof(
      { weight: 6, arbitrary: fc.constant(undefined) },
      fc.constantFrom('serializable' as const, 'repeatable read' as const),
    ),
    caught,
  });
}

/** Outside a transaction nothing is written that nobody awaits, and a batch fails as a whole (README, Limits). */
const outside: fc.Arbitrary<Step> = fc.oneof(
  insertStep(insert, awaitedAtOnce),
  insertStep(refusedInsert, awaitedAtOnce),
  group(insert),
  statementStep,
  transaction(1),
);

/** Programs, mostly of one transaction, over all tables of `schema.ts`. */
export const programs: fc.Arbitrary<Program> = fc.record({
  steps: fc.oneof(
    { withCrossShrink: true },
    { weight: 3, arbitrary: fc.tuple(transaction(1)) },
    { weight: 1, arbitrary: fc.array(outside, { minLength: 1, maxLength: 6 }) },
  ),
});
