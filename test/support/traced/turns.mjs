// What takes more than one turn: COPY in and out, a cursor, a failure that is caught, a pipeline.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';

const sql = postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} });

await sql`select 1 as first`;
await sql.begin(async (tx) => {
  // copy in:
  const copied = await tx`copy organizations (name) from stdin`.writable();
  await pipeline(Readable.from(['copied\n', 'too\n']), copied);
  // copy out:
  for await (const _ of await tx`copy organizations (name) to stdout`.readable());
});
// cursor:
for await (const _ of sql`select generate_series(1, 6)`.cursor(2));
// failure:
await sql`select 1 / 0`.catch(() => {});
// pipeline:
await Promise.all([1, 2, 3, 4].map(() => sql`select 1 as first`));
await sql.end();
