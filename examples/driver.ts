import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Example } from './example.ts';

/**
 * The driver's own COPY, without drizzle: no mapping, no defaults of the schema, and each value escaped by
 * hand. It uses the client that the database was made from.
 */
export const driver: Example = async ({ db, count }) => {
  const copy = await db.$client`copy users (username, age) from stdin`.writable();
  const lines = function* () {
    for (let index = 0; index < count; index++) yield `${escaped(`user${index}`)}\t${index % 90}\n`;
  };
  await pipeline(Readable.from(lines()), copy);
  const [row] = await db.$client`select count(*)::int as users from users`;
  return `${row?.users} users by COPY`;
};

/** A value in COPY's text format. */
function escaped(value: string): string {
  const names: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
  return value.replaceAll(/[\\\t\n\r]/g, (character) => names[character] as string);
}
