import { drizzle } from 'drizzle-orm/postgres-js';
import type { FlushContext } from '../../src/context.ts';
import type { Written } from '../../src/driver/statement.ts';
import { encodeRows } from '../../src/plan/encode-rows.ts';
import { type Plan, plan } from '../../src/plan/plan.ts';
import type { PlanInput } from '../../src/plan/plan-input.ts';
import type { Entry } from '../../src/take/entry.ts';
import { keyQuery } from '../../src/write/key-query.ts';
import { isKnown, planReturning } from '../../src/write/returning.ts';
import { writeChunk } from '../../src/write/write-chunk.ts';
import { factsOf } from '../../test/support/facts.ts';
import { users } from '../../test/support/schema.ts';
import { fiveRuns, measure, type Rounds } from '../method/turns.ts';
import type { CallResult } from '../results.ts';
import { callResult } from './call-result.ts';
import { detached } from './detached.ts';

const names = Array.from({ length: 1_000 }, (_, index) => `user ${index}`);

/**
 * Times the passes of a flush that need no server. drizzle's making of one statement of as many rows is timed
 * too.
 */
export async function passes(rounds: Rounds): Promise<CallResult> {
  const { db, context, take } = detached();
  for (const name of names) db.insert(users).values({ name }).returning({ id: users.id });
  const entries = take();
  const facts = new Map([[users, factsOf(users)]]);
  const encode = () => {
    for (const entry of entries) entry.forgetValues();
    return encodeRows(entries, facts, context.driver.values).encoded;
  };
  const planned = (encoded: PlanInput['encoded']) =>
    plan({
      entries,
      encoded,
      facts,
      pointsAt: () => [],
      mayBeNamed: () => false,
      canParse: () => true,
      values: context.driver.values,
      ...context.options,
    });

  const insert = drizzle
    .mock()
    .insert(users)
    .values(names.map((name) => ({ name })))
    .returning({ id: users.id });
  const encoded = encode();
  const made = planned(encoded);
  const sides = [
    { label: 'drizzle: toSQL() of one insert of them', waits: false, run: () => insert.toSQL() },
    { label: 'batched: encode', waits: false, run: encode },
    { label: 'batched: plan', waits: false, run: () => planned(encoded) },
    { label: 'batched: write', waits: false, run: () => write(made, context) },
    { label: 'batched: the three passes', waits: false, run: () => write(planned(encode()), context) },
  ];
  return callResult('1,000 rows → statements', 'ms', 1, await measure(sides, fiveRuns, rounds));
}

/** Writes the key query and the INSERTs of a flight, as `fly` does. */
function write(planned: Plan, context: FlushContext): Written[] {
  const token = '0123456789abcdef';
  const inserts = planned.chunks.map((chunk) => {
    const known = (entry: Entry) => isKnown(entry, planned, chunk, context);
    const sentinelColumn = planned.sentinelColumns.get(chunk.shape.table);
    const returning = planReturning(chunk, context.dialect, sentinelColumn, known);
    return writeChunk(chunk, returning, {
      dialect: context.dialect,
      encoder: context.driver.values,
      token,
      locked: new Set(),
      keysKnown: Promise.resolve(),
    });
  });
  const facts = planned.chunks.flatMap(({ shape, facts }) => (facts ? [[shape.name, facts] as const] : []));
  const statements = [keyQuery({ lists: planned.lists, facts, token }), ...inserts];
  // Statements of many rows are written lazily, when `text` and `params` are read.
  return statements.map(({ text, params }) => ({ text, params }));
}
