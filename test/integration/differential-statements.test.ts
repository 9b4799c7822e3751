import { drizzle } from 'drizzle-orm/postgres-js';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { batchedDrizzle } from '../../src/index.ts';
import { runStated } from '../support/run-stated.ts';
import { statedPrograms } from '../support/stated-programs.ts';
import { create, schema, statements } from '../support/stated-statements.ts';
import { type ClientOptions, useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 300);
const seed = Number(process.env.FUZZ_SEED ?? 1);

const database = useDatabase();

beforeAll(async () => {
  const client = database.connect();
  for (const text of create) await client.unsafe(text);
});

/** Serialisers and parsers of the client's own, for types that the server tells and that postgres.js declares. */
const types = {
  text: {
    to: 25,
    from: [25],
    serialize: (value: unknown) => `${value}~`,
    parse: (given: string) => `~${given}`,
  },
  int: { to: 23, from: [23], serialize: (value: unknown) => Number(value).toFixed(), parse: Number },
  flag: {
    to: 16,
    from: [16],
    serialize: (value: unknown) => (value ? 't' : 'f'),
    parse: (given: string) => `is ${given}`,
  },
};

const clients: [string, ClientOptions][] = [
  ['of a client', {}],
  ['of a client with serialisers and parsers of its own', { types: types as never }],
  [
    'of a client that turns undefined into null, and names columns otherwise',
    { transform: { undefined: null, column: { from: (name: string) => `_${name}` } } },
  ],
  [
    'of a client that prepares nothing, and shows its statements in errors',
    { prepare: false, debug: () => {} },
  ],
];

test.each(clients)(
  `random statements, their results, errors and effects are those of plain drizzle, %s`,
  { timeout: 60_000 + runs * 200 },
  async (_, options) => {
    const plain = drizzle(database.connect({ ...options, max: 1 }), { schema });
    const batched = batchedDrizzle(database.connect({ ...options, max: 1 }), { schema });
    await fc.assert(
      fc.asyncProperty(statedPrograms([...statements.keys()], 'transform' in options), async (program) => {
        const expected = await runStated(plain, program);
        expect(await runStated(batched, program)).toEqual(expected);
      }),
      { numRuns: Math.ceil(runs / 2), seed, timeout: 10_000, endOnFailure: true },
    );
  },
);
