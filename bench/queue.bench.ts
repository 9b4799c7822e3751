import { drizzle } from 'drizzle-orm/postgres-js';
import { users } from '../test/support/schema.ts';
import { detached } from './detached.ts';
import { bytesOf } from './heap.ts';
import { measure, type Rounds, type Side } from './measure.ts';
import type { Comparison } from './table.ts';

const inserts = 1_000;

/** What `insert(t).values(row).returning()` costs until it is awaited: drizzle builds it, ours queues it too. */
export async function queueBench(rounds: Rounds): Promise<Comparison> {
  const plain = drizzle.mock();
  const { db, take } = detached();
  const build = (index: number) =>
    plain
      .insert(users)
      .values({ name: `user ${index}` })
      .returning({ id: users.id });
  const queue = (index: number) =>
    db
      .insert(users)
      .values({ name: `user ${index}` })
      .returning({ id: users.id });

  const bytes = [bytesOf(build), undefined, bytesOf(queue)];
  take();
  const sides = [
    repeated('drizzle: built', build),
    // What drizzle puts off until it is awaited, for the other half of the picture.
    repeated('drizzle: built, toSQL()', (index) => build(index).toSQL()),
    repeated('batched: built and queued', queue, take),
  ];
  return {
    title: 'an insert of one row, not awaited',
    unit: 'µs',
    per: inserts,
    measurements: await measure(sides, rounds),
    bytes,
  };
}

/** A run makes many and keeps them, as a program does until it has awaited them. */
function repeated(label: string, make: (index: number) => unknown, clear?: () => void): Side {
  const kept: unknown[] = [];
  return {
    label,
    waits: false,
    run() {
      for (let index = 0; index < inserts; index++) kept.push(make(index));
    },
    after() {
      kept.length = 0;
      clear?.();
    },
  };
}
