import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { batchedDrizzle } from '../src/index.ts';
import { users } from '../test/support/schema.ts';
import { WrongRows } from './demo/verify.ts';
import { measure, type Rounds, type Side } from './measure.ts';
import type { Comparison } from './table.ts';
import { names } from './users.ts';

interface Written {
  readonly id: number;
}

/** 1,000 rows written and committed, their ids given back, each time into an empty table. */
export async function flushBench(url: string, rounds: Rounds): Promise<Comparison> {
  const direct = postgres(url, { max: 1, onnotice: () => {} });
  // One each: ours opens its connections without Nagle, and drizzle shall have its own.
  const clients = [postgres(url, { max: 1 }), postgres(url, { max: 1 })] as const;
  const plain = drizzle(clients[0]);
  const batched = batchedDrizzle(clients[1]);
  const rows = names.map((name) => ({ name }));
  const id = { id: users.id };
  try {
    const sides = [
      writing(direct, 'drizzle: one insert of them', () => plain.insert(users).values(rows).returning(id)),
      writing(direct, 'batched: one insert of them', () => batched.insert(users).values(rows).returning(id)),
      writing(direct, 'batched: 1,000 inserts, flush()', async () => {
        const inserts = rows.map((row) => batched.insert(users).values(row).returning(id));
        await batched.flush();
        return (await Promise.all(inserts)).flat();
      }),
    ];
    return { title: '1,000 rows', unit: 'ms', per: 1, measurements: await measure(sides, rounds) };
  } finally {
    await Promise.all([direct, ...clients].map((client) => client.end({ timeout: 1 })));
  }
}

function writing(direct: Sql, label: string, write: () => PromiseLike<readonly Written[]>): Side {
  let written: readonly Written[] = [];
  return {
    label,
    waits: true,
    async before() {
      await direct`truncate users restart identity cascade`;
    },
    async run() {
      written = await write();
    },
    after: () => verify(direct, label, written),
  };
}

/** Reads the rows back: the id given for each name must be the one in the table. */
async function verify(direct: Sql, label: string, written: readonly Written[]): Promise<void> {
  const found = await direct<{ id: number; name: string }[]>`select id, name from users`;
  if (found.length !== names.length || written.length !== names.length) {
    throw new WrongRows(
      `${label}: ${names.length} rows sent, ${found.length} found, ${written.length} given back`,
    );
  }
  const idByName = new Map(found.map(({ id, name }) => [name, id]));
  for (const [index, name] of names.entries()) {
    const given = written[index]?.id;
    if (given === undefined || given !== idByName.get(name)) {
      throw new WrongRows(`${label}: '${name}' was given id ${given}, and has ${idByName.get(name)}`);
    }
  }
}
