import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Papa from 'papaparse';
import type { Example } from './example.ts';
import { users } from './schema.ts';
import { writeUsers } from './users-file.ts';

type User = typeof users.$inferInsert;

/**
 * Loads a file of a million users, with at most two chunks of it in memory. If the rows need no code of your
 * own, the command can load the file: `npx batched-drizzle-cli load --schema examples/schema.ts --table users
 * users.csv`.
 */
export const csv: Example = async ({ db, count }) => {
  const folder = await mkdtemp(join(tmpdir(), 'batched-drizzle-example-'));
  try {
    const file = join(folder, 'users.csv');
    await writeUsers(file, count);
    const { rows, ms } = await db.load(users, readUsers(file));
    return `${rows} users from ${file} in ${(ms / 1_000).toFixed(1)} s`;
  } finally {
    await rm(folder, { recursive: true });
  }
};

async function* readUsers(file: string): AsyncGenerator<User> {
  const records = createReadStream(file).pipe(Papa.parse(Papa.NODE_STREAM_INPUT, { header: true }));
  for await (const { username, name, email, age, joined_at } of records) {
    yield {
      username,
      name: name || null,
      email,
      age: age ? Number(age) : null,
      joinedAt: new Date(joined_at),
    };
  }
}
