/** Random transactions that several async functions use at once. */
import fc from 'fast-check';

/** A call of a strand. */
export interface Call {
  readonly do: 'owner' | 'taken owner' | 'note' | 'update' | 'select' | 'count' | 'delete';
  readonly returning: boolean;
  /** So many promise jobs are awaited before it. */
  readonly jobs: number;
  /** So many async functions stand around it, and the strand hears of it so many promise jobs later. */
  readonly layers: number;
  /** Whether the strand goes on if it fails. */
  readonly caught: boolean;
}

/** A nested transaction; one at a time, since drizzle gives two of the same depth the same savepoint. */
export interface Nested {
  readonly do: 'nested';
  readonly steps: Strand;
  readonly ends: 'returns' | 'throws';
}

/** Calls and at most one nested transaction, made one after another and awaited by one `Promise.allSettled`. */
export interface Together {
  readonly do: 'together';
  readonly members: readonly (Call | Nested)[];
  /** Whether what is no insert has a `then()` of the program's own: drizzle sends it ahead of those that only `allSettled` awaits. */
  readonly chained: boolean;
}

/** What one async function does, one thing after another. */
export type Strand = readonly (Call | Nested | Together)[];

const call: fc.Arbitrary<Call> = fc.record({
  do: fc.constantFrom<Call['do'][]>(
    'owner',
    'owner',
    'owner',
    'note',
    'note',
    'update',
    'update',
    'select',
    'count',
    'delete',
  ),
  returning: fc.boolean(),
  jobs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 12 })),
  layers: fc.integer({ min: 0, max: 4 }),
  caught: fc.boolean(),
});

const failing: fc.Arbitrary<Call> = call.map((given) => ({ ...given, do: 'taken owner' }));

const mostlyFine = fc.oneof({ weight: 6, arbitrary: call }, failing);

function nestedOf(step: fc.Arbitrary<Strand[number]>): fc.Arbitrary<Nested> {
  return fc.record({
    do: fc.constant('nested'),
    steps: fc.array(step, { maxLength: 3 }),
    ends: fc.constantFrom('returns', 'throws'),
  });
}

const calls = fc.array(mostlyFine, { minLength: 1, maxLength: 3 });

const togetherOfCalls: fc.Arbitrary<Together> = fc.record({
  do: fc.constant('together'),
  members: calls,
  chained: fc.boolean(),
});

const nested = nestedOf(
  fc.oneof(
    { weight: 4, arbitrary: mostlyFine },
    { weight: 1, arbitrary: nestedOf(mostlyFine) },
    { weight: 1, arbitrary: togetherOfCalls },
  ),
);

const together: fc.Arbitrary<Together> = fc
  .tuple(togetherOfCalls, fc.option(nested), fc.nat())
  .map(([{ members, ...rest }, nested, at]) => {
    const all = [...members];
    if (nested) all.splice(at % (all.length + 1), 0, nested);
    return { ...rest, members: all };
  });

const strand = (one: fc.Arbitrary<Strand[number]>) => fc.array(one, { minLength: 1, maxLength: 5 });

/** The strands of one transaction. */
export const strands: fc.Arbitrary<readonly Strand[]> = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: strand(call) },
      { weight: 2, arbitrary: strand(fc.oneof({ weight: 2, arbitrary: call }, nested)) },
      { weight: 1, arbitrary: strand(fc.oneof({ weight: 2, arbitrary: call }, together)) },
    ),
    fc.array(
      fc.oneof(
        { weight: 4, arbitrary: strand(call) },
        { weight: 1, arbitrary: strand(fc.oneof({ weight: 4, arbitrary: call }, failing)) },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    fc.nat(),
  )
  .map(([first, others, at]) => {
    const all: Strand[] = [...others];
    all.splice(at % (all.length + 1), 0, first);
    return all;
  });
