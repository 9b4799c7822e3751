/** Random programs of statements other than inserts, with values of every kind in every place. */
import fc from 'fast-check';

/** A statement: which one, and the value that stands in it. */
export interface Stated {
  readonly statement: string;
  /** Its name in `values`. */
  readonly value: string;
  /** How many turns of the event loop, and then promise jobs, it is called later than its group begins. */
  readonly turns: number;
  readonly jobs: number;
}

export type StatedStep =
  /** Each is awaited where it is made. */
  | { readonly do: 'one'; readonly stated: Stated }
  /** All are executed together. */
  | { readonly do: 'together'; readonly stated: readonly Stated[] }
  | {
      readonly do: 'transaction';
      readonly steps: readonly StatedStep[];
      readonly ends: 'returns' | 'throws';
    }
  /** A transaction that is begun by a text, and not by drizzle's method: what is executed in it is executed on the database. */
  | {
      readonly do: 'raw transaction';
      readonly steps: readonly StatedStep[];
      readonly ends: 'commit' | 'rollback';
    }
  /** Changes the types of columns, so that what the same texts mean changes. */
  | { readonly do: 'alter'; readonly by: 'the program' | 'another session' };

const texts = [
  ...['', 'true', 'f', 'abc', '5', '1.5', '{}', '{1,2}', '[1]', "it's", 'NULL', '2024-02-29', '\\x00', '\0'],
];

/** Each is made anew for each side. */
export const values: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(texts.map((text) => [`text ${text}`, () => text])),
  ...Object.fromEntries([0, 1, 5, -7, 1.5, 40_000, 3e9, Number.NaN].map((n) => [`number ${n}`, () => n])),
  'number -0': () => -0,
  null: () => null,
  undefined: () => undefined,
  true: () => true,
  false: () => false,
  '5n': () => 5n,
  Date: () => new Date(1_700_000_000_000),
  Buffer: () => Buffer.from('5c78', 'hex'),
  Uint8Array: () => new Uint8Array([1, 2]),
  ArrayBuffer: () => new Uint8Array([1, 2]).buffer,
  'array of numbers': () => [1, 2],
  'array of texts': () => ['a', 'b'],
  'array of one': () => ['5'],
  'empty array': () => [],
  'array of booleans': () => [true, false],
  'array of bigints': () => [5n],
  'array with null': () => [null, 'x'],
  'array of arrays': () => [[1], [2]],
  'array with undefined': () => [undefined],
  object: () => ({ a: 1 }),
  'object with a text': () => ({ toString: () => '7' }),
  symbol: () => Symbol('s'),
  function: () => () => 1,
  'object without a text': () => ({
    toString: () => {
      throw new Error('no text');
    },
  }),
};

/**
 * The values of a statement.
 *
 * With others plain drizzle hangs: if a client does not turn `undefined` into null, postgres.js can't build a statement, and
 * loses count of the answers to others. So it does if it can't bind a statement that it has prepared.
 */
function valueNames(statement: string, hasUndefined: boolean): fc.Arbitrary<string> {
  const isPrepared = statement.startsWith('prepared');
  const names = Object.keys(values).filter((name) =>
    isPrepared ? /^((text|number) .*|null|true|5n)$/s.test(name) : hasUndefined || !/undefined/.test(name),
  );
  const ofTexts = names.filter((name) => name.startsWith('text '));
  return fc.oneof(fc.constantFrom(...ofTexts), { weight: 2, arbitrary: fc.constantFrom(...names) });
}

/** Inserts that are queued until the end of the turn. */
const queued = new Set(['upsert', 'insert']);

const hasNoTable = (statement: string): boolean => /^(cast .*|uncast|param|two|fails)$/.test(statement);

/**
 * What may be executed in one turn of the database: queued inserts or other statements, and with either those
 * without a table.
 *
 * On the database nothing waits for the end of the turn but inserts, so the others run first (docs/contract.md, 2).
 * Plain drizzle runs them in the order of the calls on a single connection, and in any order on several. In a
 * transaction the order is kept, so there everything is mixed.
 */
function withoutOrder(stated: readonly Stated[]): Stated[] {
  const ordered = stated.find(({ statement }) => !hasNoTable(statement));
  const isQueued = ordered !== undefined && queued.has(ordered.statement);
  return stated.filter(({ statement }) => hasNoTable(statement) || queued.has(statement) === isQueued);
}

/** In a transaction that is begun by a text, also one without a table: what fails aborts the others behind it. */
function apart(stated: readonly Stated[]): Stated[] {
  const isQueued = stated.some(({ statement }) => queued.has(statement));
  return stated.filter(({ statement }) => queued.has(statement) === isQueued);
}

/** The types of a statement without a name are remembered. If another session changes them, one answer shows it (docs/limits.md). */
const byProgram = ['the program'] as const;

const byAnybody = ['the program', 'another session'] as const;

/**
 * @param hasUndefined whether `undefined` is among the values
 * @param hasRaw whether a transaction may be begun by a text. On pg plain drizzle loses it with the first error, since the pool
 *   drops the client.
 */
export function statedPrograms(
  names: readonly string[],
  hasUndefined: boolean,
  hasRaw: boolean,
): fc.Arbitrary<StatedStep[]> {
  const statedOf = (statement: string): fc.Arbitrary<Stated> =>
    fc.record({
      statement: fc.constant(statement),
      value: valueNames(statement, hasUndefined),
      jobs: fc.oneof(fc.constant(0), fc.constantFrom(0, 1, 2, 3, 5, 8, 13, 50)),
      turns: fc.constantFrom(0, 0, 0, 1),
    });
  // The same texts come up again and again, with other values.
  const few = fc
    .subarray([...names], { minLength: 1, maxLength: 4 })
    .map((chosen) => ({ chosen, alterations: 1, by: byProgram, raw: 0 }));
  // Statements that the server knows by a name, and that it has to plan again.
  const byName = names.filter((name) => name.startsWith('prepared'));
  const prepared = fc.constant({ chosen: byName, alterations: 4, by: byAnybody, raw: 0 });
  const inRaw = fc.constant({
    chosen: names.filter((name) => /^(insert|upsert|plain|uncast|fails)$/.test(name)),
    alterations: 0,
    by: byProgram,
    raw: hasRaw ? 8 : 0,
  });
  // The JSON of a function is undefined. Alone such a statement is refused, and with others under way plain drizzle hangs.
  // postgres.js sends a prepared statement again whose result has other types now. With others under way it mixes up their
  // answers.
  const mayBeTogether = ({ statement, value }: Stated) =>
    statement !== 'prepared all' && (hasUndefined || value !== 'function');
  const together = (one: fc.Arbitrary<Stated>) =>
    fc.array(one, { minLength: 1, maxLength: 6 }).map((all) => all.filter(mayBeTogether));
  const plainStep = (
    one: fc.Arbitrary<Stated>,
    chosen: (stated: readonly Stated[]) => readonly Stated[],
  ): fc.Arbitrary<StatedStep> =>
    fc.oneof(
      { weight: 2, arbitrary: fc.record({ do: fc.constant('one' as const), stated: one }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('together' as const),
          stated: together(one).map(chosen),
        }),
      },
    );
  const stepOf = (one: fc.Arbitrary<Stated>, depth: number): fc.Arbitrary<StatedStep> =>
    fc.oneof(
      { weight: 9, arbitrary: plainStep(one, depth === 0 ? withoutOrder : (all) => all) },
      ...(depth < 2
        ? [
            {
              weight: depth === 0 ? 6 : 1,
              arbitrary: fc.record({
                do: fc.constant('transaction' as const),
                steps: fc.array(stepOf(one, depth + 1), { minLength: 1, maxLength: 5 }),
                ends: fc.constantFrom('returns' as const, 'returns' as const, 'throws' as const),
              }),
            },
          ]
        : []),
    );
  const rawTransaction = (one: fc.Arbitrary<Stated>): fc.Arbitrary<StatedStep> =>
    fc.record({
      do: fc.constant('raw transaction' as const),
      steps: fc.array(plainStep(one, apart), { minLength: 1, maxLength: 4 }),
      ends: fc.constantFrom('commit' as const, 'rollback' as const),
    });
  return fc
    .oneof(
      { weight: 8, arbitrary: few },
      { weight: byName.length === 0 ? 0 : 1, arbitrary: prepared },
      { weight: hasRaw ? 1 : 0, arbitrary: inRaw },
    )
    .chain(({ chosen, alterations, by, raw }) => {
      const one = fc.oneof(...chosen.map(statedOf));
      const step = fc.oneof(
        { weight: 16, arbitrary: stepOf(one, 0) },
        {
          weight: alterations,
          arbitrary: fc.record({ do: fc.constant('alter' as const), by: fc.constantFrom(...by) }),
        },
        { weight: raw, arbitrary: rawTransaction(one) },
      );
      return fc.array(step, { minLength: 1, maxLength: 6 });
    });
}
