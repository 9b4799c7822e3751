import type { Query } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { batchedDrizzle, driver } from '../support/drivers/chosen.ts';
import { create, runStrands } from '../support/run-strands.ts';
import { type Strand, strands } from '../support/strands.ts';
import { useDatabase } from '../support/test-database.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 300);
const seed = Number(process.env.FUZZ_SEED ?? 1);

const plainDatabase = useDatabase();
const batchedDatabase = useDatabase();

beforeAll(async () => {
  for (const database of [plainDatabase, batchedDatabase])
    for (const text of create) await database.connect().unsafe(text);
});

const open = () => ({
  plain: driver.reference(plainDatabase.client({ max: 1 })),
  batched: batchedDrizzle(batchedDatabase.client({ max: 1 })),
});

test('random transactions that async functions use at once are those of plain drizzle, call by call', {
  timeout: 60_000 + runs * 200,
}, async () => {
  const { plain, batched } = open();
  await fc.assert(
    fc.asyncProperty(strands, async (program) => {
      const expected = await runStrands(plain, program);
      expect(await runStrands(batched, program)).toEqual(expected);
    }),
    { numRuns: runs, seed, timeout: 10_000 },
  );
});

interface Session {
  prepareQuery(query: Query, ...rest: unknown[]): unknown;
}

test('a tracer that replaces prepareQuery() of the class sees the statements of both in the same order', {
  timeout: 60_000 + runs * 200,
}, async () => {
  const { plain, batched } = open();
  const session = Object.getPrototypeOf((plain as unknown as { session: Session }).session) as Session;
  const { prepareQuery } = session;
  let seen: string[] = [];
  session.prepareQuery = function (query, ...rest) {
    // On pg drizzle executes the others as statements, too (docs/observability.md).
    if (/^(select|insert|update|delete)\b/.test(query.sql)) seen.push(`${query.sql} ${query.params}`);
    return prepareQuery.call(this, query, ...rest);
  };
  const runSeen = async (db: typeof plain, program: readonly Strand[]): Promise<string[]> => {
    seen = [];
    return [...(await runStrands(db, program)), ...seen];
  };
  try {
    await fc.assert(
      fc.asyncProperty(strands, async (program) => {
        const expected = await runSeen(plain, program);
        expect(await runSeen(batched, program)).toEqual(expected);
      }),
      { numRuns: Math.ceil(runs / 3), seed, timeout: 10_000 },
    );
  } finally {
    session.prepareQuery = prepareQuery;
  }
});
