import { drizzle } from 'drizzle-orm/postgres-js';
import { encodeRows } from '../src/encode-rows.ts';
import type { Entry } from '../src/entry.ts';
import type { FlushContext } from '../src/flush.ts';
import { keyQuery } from '../src/keys.ts';
import { type Plan, type PlanInput, plan } from '../src/plan.ts';
import { isKnown } from '../src/read-answers.ts';
import type { Statement } from '../src/statement.ts';
import { writeChunk } from '../src/write/chunk.ts';
import { planReturning } from '../src/write/returning.ts';
import { factsOf } from '../test/support/facts.ts';
import { users } from '../test/support/schema.ts';
import { detached } from './detached.ts';
import { measure, type Rounds } from './measure.ts';
import type { Comparison } from './table.ts';
import { names } from './users.ts';

/** The passes of a flush that need no server, beside drizzle's making of one statement of as many rows. */
export async function writeBench(rounds: Rounds): Promise<Comparison> {
  const { db, context, take } = detached();
  for (const name of names) db.insert(users).values({ name }).returning({ id: users.id });
  const entries = take();
  const facts = new Map([[users, factsOf(users)]]);
  const encode = () => encodeRows(entries, facts, context.driver.serialize.bind(context.driver)).encoded;
  const planned = (encoded: PlanInput['encoded']) =>
    plan({
      entries,
      encoded,
      facts,
      pointsAt: () => [],
      mayBeNamed: () => false,
      canParse: () => true,
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
  return {
    title: '1,000 rows → statements',
    unit: 'ms',
    per: 1,
    measurements: await measure(sides, rounds),
  };
}

/** The key query and the INSERTs of a flight, as `fly` has them made. */
function write(planned: Plan, context: FlushContext): Statement[] {
  const token = '0123456789abcdef';
  const serialize = context.driver.serialize.bind(context.driver);
  const inserts = planned.chunks.map((chunk) => {
    const known = (entry: Entry) => isKnown(entry, planned, chunk, context);
    const identifier = planned.identifiers.get(chunk.shape.table);
    const returning = planReturning(chunk, context.dialect, identifier, known);
    return writeChunk(chunk, returning, { dialect: context.dialect, serialize, token, keys: new Map() });
  });
  const facts = planned.chunks.flatMap(({ shape, facts }) => (facts ? [[shape.name, facts] as const] : []));
  return [keyQuery({ lists: planned.lists, facts, token }), ...inserts];
}
